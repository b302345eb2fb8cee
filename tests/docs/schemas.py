"""The JSON Schemas of docs/schemas/, printed from the types that read the documents.

A schema says which members a document has and how each is written: what the codes `member-…` refuse. The rules between
members, and signatures, are in docs/protocol.md alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from stall.wire import (
    badge,
    closing,
    credential,
    decline,
    delegation,
    lease,
    lease_return,
    manifest,
    presentation,
    proof,
    receipt,
)
from stall.wire.claims import Claims

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TIMESTAMP = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
_NOT_OURS = ("title", "description", "default")

Schema = dict[str, Any]


@dataclass(frozen=True)
class Described:
    """A document: its section of docs/protocol.md, its type, and what that type leaves to other code."""

    section: str
    kind: type[Claims]
    finish: Callable[[Schema], Schema] = lambda schema: schema


def _with_proof(
    contexts: tuple[str, ...], types: tuple[str, ...], purpose: str, more: tuple[str, ...] = ()
) -> Callable[[Schema], Schema]:
    """Add what every document with a proof has, that is compared by other code than the type's."""

    def finish(schema: Schema) -> Schema:
        members = schema["properties"]
        members["@context"], members["type"] = {"const": list(contexts)}, {"const": list(types)}
        members |= {name: _TIMESTAMP for name in ("validFrom", "validUntil") if name in members}
        signed: Schema = {
            "@context": {"const": list(contexts)},
            "created": _TIMESTAMP,
            "cryptosuite": {"const": proof.CRYPTOSUITE},
            "proofPurpose": {"const": purpose},
            "proofValue": {"type": "string", "pattern": "^z[1-9A-HJ-NP-Za-km-z]+$"},
            "type": {"const": "DataIntegrityProof"},
            "verificationMethod": {"type": "string", "pattern": "^did:key:(z6Mk[1-9A-HJ-NP-Za-km-z]{44})#\\1$"},
        }
        signed |= {name: {"type": "string", "pattern": "^[\\x21-\\x7e]+$"} for name in more}
        members["proof"] = {
            "type": "object", "properties": signed, "required": sorted(signed), "additionalProperties": False
        }  # fmt: skip
        schema["required"] = [*schema["required"], "proof"]
        return schema

    return finish


DOCUMENTS: Mapping[str, Described] = {
    "manifest": Described("5.1", manifest.Manifest),
    "delegation": Described("5.2", delegation.Delegation),
    "lease": Described("5.3", lease.Lease),
    "receipt": Described("5.4", receipt.Receipt),
    "certificate": Described(
        "5.5", credential.Certificate, _with_proof(credential.CONTEXTS, credential.TYPES, proof.PURPOSE)
    ),
    "lease_return": Described("5.7", lease_return.LeaseReturn),
    "decline": Described("5.8", decline.Decline),
    "close": Described("5.9", closing.Close),
    "badge": Described("5.10", badge.Badge, _with_proof(badge.CONTEXTS, badge.TYPES, proof.PURPOSE)),
    "presentation": Described(
        "5.11",
        presentation.Presentation,
        _with_proof(presentation.CONTEXTS, presentation.TYPES, proof.AUTHENTICATION, ("challenge", "domain")),
    ),
}


def schema(name: str) -> Schema:
    """The schema of one document."""
    described = DOCUMENTS[name]
    raw = msgspec.json.schema(described.kind)
    parts = {part: _plain(definition) for part, definition in raw["$defs"].items()}
    document = described.finish(parts.pop(described.kind.__name__))
    head = {
        "$schema": DIALECT,
        "$id": f"https://stall.example/schemas/{name}.json",
        "title": name,
        "$comment": f"Printed from the code. Rules between members: docs/protocol.md, {described.section}.",
    }
    return head | document | ({"$defs": parts} if parts else {})


def _plain(value: Any) -> Any:
    """Take out what Python says of it, and null: an optional member is left out, never null."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("anyOf", [{}])[-1] == {"type": "null"} and len(value["anyOf"]) == 2:
        return _plain(value["anyOf"][0])
    plain = {
        name: {member: _plain(each) for member, each in inside.items()} if name == "properties" else _plain(inside)
        for name, inside in value.items()
        if name not in _NOT_OURS
    }
    if isinstance(pattern := value.get("pattern"), str):
        plain["pattern"] = _ecma(pattern)
    return plain


def _ecma(pattern: str) -> str:
    r"""Write a pattern as ECMA 262 does, where `$` is the end and nothing else."""
    return pattern.removesuffix("\\Z") + "$" if pattern.endswith("\\Z") else pattern


def text(name: str) -> str:
    """The file as it stands in docs/schemas/."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"
