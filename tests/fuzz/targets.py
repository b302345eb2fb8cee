"""What is fuzzed: each reader of outside data, given bytes. Only errors of ours may leave it, and both ways of opening must agree.

A fuzzer cannot sign, so claims, documents and headers are signed for it: past the signature is where reading begins.
"""

from __future__ import annotations

import json
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stall.errors import StallError
from stall.store.packfile import build_zip, open_pack
from stall.wire import (
    canonical,
    credential,
    delegation,
    event,
    jws,
    lease,
    manifest,
    note,
    paths,
    proof,
    receipt,
    strict_json,
)
from stall.wire import claims as rules
from tests.wire import casebook
from tests.wire import documents as doc

KEPT = Path(__file__).parent / "corpus"
MOST_BYTES = 16 * 1024
BOX = {doc.BOX.thumbprint: doc.BOX.public}


@dataclass(frozen=True)
class Target:
    """One reader: what to do with bytes, and bytes worth beginning with."""

    read: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]


def run(name: str, data: bytes) -> None:
    """Let one reader read; whatever it raises but our own errors goes through."""
    try:
        TARGETS[name].read(data)
    except StallError:
        return


def corpus(name: str) -> list[bytes]:
    """What to begin with: the golden vectors, and what earlier runs found worth keeping."""
    file = KEPT / f"{name}.txt"
    kept = [b64decode(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [*dict.fromkeys([*TARGETS[name].seeds(), *kept])]


# --- claims -----------------------------------------------------------------------------------------------------------


def _claims(typ: str, kind: type[rules.Claims], rest: Callable[[str], object]) -> Callable[[bytes], object]:
    """Read claims of a type; `rest` is the document's own way to open a token."""
    header = canonical.dumps({"alg": "Ed25519", "kid": doc.BOX.thumbprint, "typ": typ})

    def read(data: bytes) -> object:
        token = doc.forge_raw(doc.BOX, header, data)
        found = [
            _outcome(lambda: jws.open(token, BOX, typ, kind, "document")[0]),
            _outcome(lambda: _strictly(token, typ, kind)),
        ]
        assert found[0] == found[1], found
        return rest(token)

    return read


def _strictly(token: str, typ: str, kind: type[rules.Claims]) -> rules.Claims:
    return rules.typed(jws.verify(token, BOX, typ), kind, "document")


def _outcome(way: Callable[[], object]) -> object:
    try:
        return way()
    except StallError as error:
        return error.code


def _payloads(name: str) -> Callable[[], list[bytes]]:
    """The claims of a vector file, right and wrong."""

    def seeds() -> list[bytes]:
        document = casebook.documents()[name]
        given = [case for case in [*document.valid, *(case.given for case in document.invalid)] if "claims" in case]
        return [data for case in given if len(data := canonical.dumps(case["claims"])) <= MOST_BYTES]

    return seeds


# --- everything else --------------------------------------------------------------------------------------------------


def _token(data: bytes) -> object:
    """A header and claims with a zero byte between them, signed; and the same bytes as a token."""
    header, _, payload = data.partition(b"\0")
    for token in (doc.forge_raw(doc.BOX, header, payload), data.decode("latin-1")):
        _outcome(lambda token=token: jws.verify(token, BOX, receipt.RECEIPT))  # type: ignore[misc]  # its default binds it
        _outcome(lambda token=token: jws.unverified_claims(token))  # type: ignore[misc]  # the same
    return None


def _credential(data: bytes) -> object:
    """A document as it is, and signed anew."""
    document: Any = strict_json.loads(data, max_bytes=MOST_BYTES, max_depth=20)
    _outcome(lambda: credential.verify(document))
    if isinstance(document, dict):
        bare = {name: value for name, value in document.items() if name != "proof"}
        signed = proof.add(doc.BOX, bare, doc.NOW)
        assert credential.verify_proof(signed) == doc.BOX.public
        credential.verify(signed)
    return None


def _note(data: bytes) -> object:
    """A note as it is, and its text as the body of one."""
    text = data.decode("utf-8", "surrogateescape")
    verifiers = [note.Verifier(doc.ORIGIN, doc.BOX.public), note.Verifier(doc.CLOUD_NAME, doc.CLOUD.public, 4)]
    _outcome(lambda: note.open(text, verifiers))
    checkpoint = note.Checkpoint.parse(text)
    assert checkpoint.body() == text
    return note.Checkpoint.parse(note.open(note.sign(doc.BOX, doc.ORIGIN, text), verifiers).body)


def _event(data: bytes) -> object:
    found = event.decode(data)
    assert event.encode(found) == data
    return found


def _paths(data: bytes) -> object:
    named = data.decode("utf-8", "replace").split("\n")
    _outcome(lambda: paths.check(data.decode("latin-1")))
    return paths.check_all(named)


def _strict_json(data: bytes) -> object:
    value = strict_json.loads(data)
    assert strict_json.loads(canonical.dumps(value)) == value == json.loads(data)
    return value


def _pack(data: bytes) -> object:
    with tempfile.NamedTemporaryFile(prefix="stall-fuzz-", suffix=".stallpack") as file:
        file.write(data)
        file.flush()
        for prefix in ("files/", ""):
            _outcome(lambda prefix=prefix: _every_file(Path(file.name), prefix))  # type: ignore[misc]  # its default binds it
    return None


def _every_file(path: Path, prefix: str) -> None:
    with open_pack(path, prefix=prefix) as pack:
        for entry in pack.entries:
            pack.check(entry)


def _packs() -> list[bytes]:
    """The buyer's ZIP of a small pack; its names differ from a pack's only by their folder."""
    claims = doc.manifest_claims(
        files=[doc.file_claims(sha256="9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0")]
    )
    token = doc.forge(doc.CREATOR, manifest.TYP, claims)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "file").write_bytes(b"aaa")
        build_zip([("prints/01.png", Path(folder) / "file")], token, Path(folder) / "zip")
        return [(Path(folder) / "zip").read_bytes()]


def _vectors(name: str, member: str) -> Callable[[], list[bytes]]:
    def seeds() -> list[bytes]:
        document = casebook.documents()[name]
        cases = [*document.valid, *(case.given for case in document.invalid)]
        given = [case[member] for case in cases if member in case]
        texts = [text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for text in given]
        return [text.encode("utf-8", "surrogatepass") for text in texts if len(text) <= MOST_BYTES]

    return seeds


def _tokens() -> list[bytes]:
    header = canonical.dumps({"alg": "Ed25519", "kid": doc.BOX.thumbprint, "typ": receipt.RECEIPT})
    return [header + b"\0" + canonical.dumps(doc.receipt_claims()), *_vectors("tokens", "token")()]


TARGETS: dict[str, Target] = {
    "strict_json": Target(
        _strict_json, lambda: [b'{"a":[1,"\\u00e9",null,true,-9007199254740991]}', b'"\\ud83d\\ude00"']
    ),
    "jws": Target(_token, _tokens),
    "manifest": Target(
        _claims(manifest.TYP, manifest.Manifest, lambda t: manifest.verify(t, BOX)), _payloads("manifest")
    ),
    "delegation": Target(
        _claims(delegation.TYP, delegation.Delegation, lambda t: delegation.verify(t, BOX)), _payloads("delegation")
    ),
    "lease": Target(_claims(lease.TYP, lease.Lease, lambda t: lease.verify(t, BOX)), _payloads("lease")),
    "receipt": Target(
        _claims(receipt.RECEIPT, receipt.Receipt, lambda t: receipt.verify(t, BOX)), _payloads("receipt")
    ),
    "credential": Target(_credential, _vectors("certificate", "document")),
    "note": Target(
        _note, lambda: [*_vectors("note", "text")(), doc.checkpoint_note().split("\n\n")[0].encode() + b"\n"]
    ),
    "event": Target(_event, _vectors("event", "event")),
    "paths": Target(_paths, lambda: [b"prints/01.png\nnotes/a b.txt", "é/\u202e.png\ncon\n../x".encode()]),
    "pack": Target(_pack, _packs),
}
