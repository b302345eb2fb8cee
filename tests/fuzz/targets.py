"""What is fuzzed: each reader of outside data, given bytes. Only errors of ours may leave it, and both ways of opening must agree.

A fuzzer cannot sign, so claims, documents and headers are signed for it: past the signature is where reading begins.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from base64 import b64decode
from pathlib import Path

from stall.errors import StallError
from stall.store.packfile import open_pack
from stall.wire import (
    canonical,
    closing,
    decline,
    delegation,
    event,
    inside,
    jws,
    lease,
    lease_return,
    manifest,
    note,
    paths,
    receipt,
    strict_json,
)
from tests.fakes import buyers_zip
from tests.fuzz.exports import EXPORTS
from tests.fuzz.papers import PAPERS
from tests.fuzz.reading import Target, claims, outcome, payloads, vectors
from tests.fuzz.terminals import TERMINALS
from tests.wire import documents as doc

KEPT = Path(__file__).parent / "corpus"
BOX = {doc.BOX.thumbprint: doc.BOX.public}


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


def _token(data: bytes) -> object:
    """A header and claims with a zero byte between them, signed; and the same bytes as a token."""
    header, _, payload = data.partition(b"\0")
    for token in (doc.forge_raw(doc.BOX, header, payload), data.decode("latin-1")):
        outcome(lambda token=token: jws.verify(token, BOX, receipt.RECEIPT))  # type: ignore[misc]  # its default binds it
        outcome(lambda token=token: jws.unverified_claims(token))  # type: ignore[misc]  # the same
    return None


def _note(data: bytes) -> object:
    """A note as it is, and its text as the body of one."""
    text = data.decode("utf-8", "surrogateescape")
    verifiers = [note.Verifier(doc.ORIGIN, doc.BOX.public), note.Verifier(doc.CLOUD_NAME, doc.CLOUD.public, 4)]
    outcome(lambda: note.open(text, verifiers))
    checkpoint = note.Checkpoint.parse(text)
    assert checkpoint.body() == text
    return note.Checkpoint.parse(note.open(note.sign(doc.BOX, doc.ORIGIN, text), verifiers).body)


def _event(data: bytes) -> object:
    found = event.decode(data)
    assert event.encode(found) == data
    return found


def _paths(data: bytes) -> object:
    named = data.decode("utf-8", "replace").split("\n")
    outcome(lambda: paths.check(data.decode("latin-1")))
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
            outcome(lambda prefix=prefix: _every_file(Path(file.name), prefix))  # type: ignore[misc]  # its default binds it
    return None


def _inside(data: bytes) -> object:
    """What travels in a PDF or a picture: parts of the file as it is, never more than ten."""
    found = [] if not inside.is_drawn(data) else inside.papers(data)
    assert len(found) <= inside.MOST
    assert all(one in data for one in found)
    return found


def _carriers() -> list[bytes]:
    """The smallest PDF and PNG that hold a paper."""
    body = b"iTXt" + inside.KEYWORD + b"\0" * 5 + b"{}"
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return [
        b"%PDF-1.3\n1 0 obj\n<<\n/Length 2\n/Type /EmbeddedFile\n>>\nstream\n{}\nendstream\nendobj\n",
        inside.PNG + chunk,
    ]


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
        buyers_zip.build([("prints/01.png", Path(folder) / "file")], token, Path(folder) / "zip", b"<p>")
        return [(Path(folder) / "zip").read_bytes()]


def _tokens() -> list[bytes]:
    header = canonical.dumps({"alg": "Ed25519", "kid": doc.BOX.thumbprint, "typ": receipt.RECEIPT})
    return [header + b"\0" + canonical.dumps(doc.receipt_claims()), *vectors("tokens", "token")()]


TARGETS: dict[str, Target] = {
    "strict_json": Target(
        _strict_json, lambda: [b'{"a":[1,"\\u00e9",null,true,-9007199254740991]}', b'"\\ud83d\\ude00"']
    ),
    "jws": Target(_token, _tokens),
    "manifest": Target(claims(manifest, manifest.TYP, manifest.Manifest, doc.CREATOR), payloads("manifest")),
    "delegation": Target(
        claims(delegation, delegation.TYP, delegation.Delegation, doc.CREATOR), payloads("delegation")
    ),
    "lease": Target(claims(lease, lease.TYP, lease.Lease, doc.CREATOR), payloads("lease")),
    "lease_return": Target(
        claims(lease_return, lease_return.TYP, lease_return.LeaseReturn, doc.BOX), payloads("lease_return")
    ),
    "receipt": Target(claims(receipt, receipt.RECEIPT, receipt.Receipt, doc.BOX), payloads("receipt")),
    "decline": Target(claims(decline, decline.TYP, decline.Decline, doc.CLOUD), payloads("decline")),
    "close": Target(claims(closing, closing.TYP, closing.Close, doc.CREATOR), payloads("close")),
    "note": Target(
        _note, lambda: [*vectors("note", "text")(), doc.checkpoint_note().split("\n\n")[0].encode() + b"\n"]
    ),
    "event": Target(_event, vectors("event", "event")),
    "paths": Target(_paths, lambda: [b"prints/01.png\nnotes/a b.txt", "é/\u202e.png\ncon\n../x".encode()]),
    "pack": Target(_pack, _packs),
    "inside": Target(_inside, _carriers),
    **PAPERS,
    **EXPORTS,
    **TERMINALS,
}
