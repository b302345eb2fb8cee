"""A stranger's program: recomputes what `stall demo --once --out DIR` claims, with nothing of ours.

Run as `python stranger.py DIR`; needs the standard library and `cryptography`. Writes what it recomputed as JSON.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
OUT = Path(sys.argv[1])


def b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_of(did: str) -> bytes:
    number = 0
    for char in did.removeprefix("did:key:z"):
        number = number * 58 + BASE58.index(char)
    raw = number.to_bytes(34, "big")
    assert raw[:2] == b"\xed\x01"
    return raw[2:]


def check_jws(token: str, public: bytes) -> Any:
    head, body, signature = token.split(".")
    Ed25519PublicKey.from_public_bytes(public).verify(b64(signature), f"{head}.{body}".encode())
    assert json.loads(b64(head))["alg"] == "Ed25519"
    return json.loads(b64(body))


def merkle(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()


def check_note(text: str, name: str, public: bytes, *, cosigned: bool) -> tuple[str, int, bytes]:
    """C2SP signed-note and tlog-cosignature: find the line of `name` and check it."""
    body, _, lines = text.partition("\n\n")
    body += "\n"
    for line in lines.splitlines():
        dash, signer, blob = line.split(" ")
        assert dash == "—"
        if signer != name:
            continue
        kind = 4 if cosigned else 1
        raw = base64.b64decode(blob)
        assert raw[:4] == hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
        message, signature = body.encode(), raw[4:]
        if cosigned:
            message = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n".encode() + message
            signature = signature[8:]
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        origin, size, root = body.splitlines()[:3]
        return origin, int(size), base64.b64decode(root)
    raise AssertionError(f"no signature of {name}")


creator = public_of((OUT / "creator.did").read_text().strip())
token = (OUT / "manifest.jws").read_text().strip()
manifest = check_jws(token, creator)
keys = json.loads((OUT / "keys.json").read_text())
delegations = [check_jws(each, creator) for each in keys["delegations"]]
box_did = next(each["sub"] for each in delegations if each["role"] == "box")
assert box_did == keys["box"]["did"]
box = public_of(box_did)
receipt_token = (OUT / "receipt.jws").read_text().strip()
receipt = check_jws(receipt_token, box)

files = []
for file in sorted(manifest["files"], key=lambda entry: entry["path"]):
    data = (OUT / "files" / file["path"]).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    files.append(
        {
            "path": file["path"],
            "size": len(data),
            "sha256": digest,
            "equals_manifest": (len(data), digest) == (file["size"], file["sha256"]),
        }
    )

lines = [json.loads(line) for line in (OUT / "journal.jsonl").read_text().splitlines()]
events = [b64(line["bytes"]) for line in lines[1:]]
root = merkle([hashlib.sha256(b"\0" + data).digest() for data in events])
facts = [json.loads(data) for data in events]
assert [fact["seq"] for fact in facts] == list(range(len(facts)))
cosigned = (OUT / "cosigned.txt").read_text()
cloud = json.loads((OUT / "cloud-key.json").read_text())
origin = cosigned.splitlines()[0]
assert check_note(cosigned, origin, box, cosigned=False) == (origin, len(events), root)
assert check_note(cosigned, cloud["name"], b64(cloud["public"]), cosigned=True) == (origin, len(events), root)
assert check_note(lines[0]["note"], origin, box, cosigned=False) == (origin, len(events), root)
assert facts[receipt["seq"]]["body"]["receipt"] == receipt_token

sums: dict[str, tuple[int, int]] = {}
for fact in facts:
    if "receipt" in fact["body"]:
        for part in check_jws(fact["body"]["receipt"], box)["pay"]:
            count, minor = sums.get(part["m"], (0, 0))
            sums[part["m"]] = (count + 1, minor + part["minor"])
day_end = json.loads((OUT / "day-end.json").read_text())
totals = {
    row["m"]: (row["count"], row["minor"]) for row in json.loads((OUT / "cloud-totals.json").read_text())["tenders"]
}

sys.stdout.write(
    json.dumps(
        {
            "manifest_sha256": hashlib.sha256(token.encode()).hexdigest(),
            "drop": manifest["drop"]["id"],
            "edition": receipt["items"][0]["ed"],
            "amount": {"cur": receipt["pay"][0]["cur"], "minor": sum(part["minor"] for part in receipt["pay"])},
            "files": files,
            "root": base64.urlsafe_b64encode(root).decode().rstrip("="),
            "size": len(events),
            "attempts": [f["body"]["state"] for f in facts if f["kind"] == "attempt" and f["body"]["sale"] == 1],
            "resumed": hashlib.sha256((OUT / "resumed.bin").read_bytes()).hexdigest(),
            "receipts": sums,
            "cloud": totals,
            "terminal": (day_end["count"], day_end["total"]),
        }
    )
)
