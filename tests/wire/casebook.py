"""The form of a vector file, and the modules of `cases/` that fill one each.

A case is what an implementer gets: one JSON object, complete in itself. An invalid one breaks exactly one rule.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from stall.wire import keys
from tests.wire import documents as doc

CASES = Path(__file__).parent / "cases"

Given = dict[str, Any]
"""One case as it stands in the file, without what is expected of a reader."""

PEOPLE = {
    "creator": doc.CREATOR,
    "box": doc.BOX,
    "cloud": doc.CLOUD,
    "signer": doc.SIGNER,
    "owner": doc.OWNER,
    "stranger": doc.STRANGER,
}
TRUSTED = [name for name, key in PEOPLE.items() if key.thumbprint in doc.TRUSTED]


@dataclass(frozen=True)
class Case:
    """What must be refused: by which section of docs/protocol.md, in words which rule of it, with which code."""

    section: str
    rule: str
    code: str
    given: Given


@dataclass(frozen=True)
class Document:
    """All cases of one kind of document. `read` checks one as the product does, and raises what it raises.

    `section` is where docs/protocol.md describes it; `head` holds what all its cases need besides the keys. `parse`
    and `sign` are for documents that are claims: they check the `claims` of a case, and give its `token` again.
    """

    name: str
    section: str
    read: Callable[[Given], object]
    valid: Sequence[Given]
    invalid: Sequence[Case]
    head: Mapping[str, Any] = field(default_factory=dict)
    parse: Callable[[Given], object] | None = None
    sign: Callable[[Given], str] | None = None

    def content(self) -> Given:
        """What its file holds."""
        keys_of = {name: _key(key) for name, key in PEOPLE.items()}
        bad = [{"section": case.section, "rule": case.rule, "code": case.code, **case.given} for case in self.invalid]
        return {
            "document": self.name, "section": self.section, **self.head, "keys": keys_of, "trusted": TRUSTED,
            "valid": list(self.valid), "invalid": bad,
        }  # fmt: skip


@dataclass(frozen=True)
class Claims:
    """Makes cases of tokens of one type, signed by the key that should sign them, whatever they claim."""

    section: str
    typ: str
    key: keys.SigningKey

    def good(self, claims: Given) -> Given:
        """A valid case."""
        return {"claims": claims, "token": doc.forge(self.key, self.typ, claims)}

    def bad(self, rule: str, code: str, claims: Given, section: str = "") -> Case:
        """Claims that break a rule, properly signed."""
        return Case(section or self.section, rule, code, self.good(claims))

    def bad_token(self, rule: str, code: str, token: str, section: str = "") -> Case:
        """A token that is wrong although its claims are not."""
        return Case(section or self.section, rule, code, {"token": token})


def _key(key: keys.SigningKey) -> dict[str, str]:
    return {"seed": key.seed.hex(), "public": key.public.hex(), "kid": key.thumbprint, "did": key.did}


@cache
def documents() -> dict[str, Document]:
    """The documents of all modules in `cases/`, by name."""
    modules = [importlib.import_module(f"tests.wire.cases.{path.stem}") for path in sorted(CASES.glob("*.py"))]
    found: list[Document] = [module.DOCUMENT for module in modules]
    assert len({document.name for document in found}) == len(found), "two modules fill one file"
    return {document.name: document for document in found}
