"""What the downloaded papers prove, told as `stall verify` tells it, and that they speak of this very sale. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stall.creator import papers, verdicts
from stall.creator.named import named_key
from stall.creator.papers import Paper
from stall.creator.papers import read as read_paper
from stall.creator.verdicts import Verdict
from stall.demo.journey.findings import Findings
from stall.demo.journey.phone import TakenHome
from stall.errors import WireError
from stall.wire import credential, jws, keys, manifest, receipt, strict_json
from stall.wire.manifest import Manifest
from stall.wire.receipt import Item, Receipt


@dataclass(frozen=True)
class KeysFile:
    """What /keys.json of a box says: its did, and the delegations that speak for it."""

    box_did: str
    delegations: tuple[str, ...]

    @classmethod
    def read(cls, data: bytes) -> KeysFile:
        """Read it. Raises WireError `keys-file-malformed`."""
        document: Any = strict_json.loads(data, max_bytes=papers.MOST_BYTES)
        try:
            return cls(str(document["box"]["did"]), tuple(str(token) for token in document["delegations"]))
        except (KeyError, TypeError) as error:
            raise WireError(
                "keys-file-malformed", "The stall's keys.json names no keys. Look into the demo's logs."
            ) from error

    @property
    def public(self) -> dict[str, bytes]:
        """The box's key by its thumbprint, to verify what it signed."""
        public = keys.public_from_did(self.box_did)
        return {keys.thumbprint(public): public}


def prove(found: Findings, taken: TakenHome, box: KeysFile, creator_did: str) -> None:
    """Judge the papers of a numbered sale against the creator the buyer knows; fills `receipt` and `certificate`."""
    with found.step("papers"):
        handed_in = [
            Paper("manifest", taken.manifest.decode("ascii").strip()),
            *(Paper("delegation", token) for token in box.delegations),
            read_paper("receipt", taken.receipt),
            read_paper("certificate", taken.certificate),
        ]
        judged = verdicts.judge(handed_in, creator_did)
        for verdict in judged:
            found.check(verdict.name, holds=verdict.ok, otherwise=" ".join(verdict.says))
        told, item = _same_sale(found, taken, box)
        found.facts["receipt"] = {**_proof(judged, "receipt"), **_receipt_facts(told, item)}
        found.facts["certificate"] = _proof(judged, "certificate")
        found.facts["amount"] = {"cur": told.pay[0].cur, "minor": sum(part.minor for part in told.pay)}
        found.facts["edition"] = item.ed


def check_files(found: Findings, taken: TakenHome) -> None:
    """Compare every downloaded byte with what the creator signed; fills `files` and `range`."""
    with found.step("files"):
        signed = trusted_manifest(taken)
        wanted = {file.path: file for file in signed.files}
        arrived = {file.path: file for file in taken.files}
        found.check(
            "files", holds=wanted.keys() == arrived.keys(), otherwise="The page offers other files than were signed."
        )
        rows = []
        for path, file in sorted(arrived.items()):
            equal = path in wanted and (wanted[path].size, wanted[path].sha256) == (len(file.data), file.sha256)
            found.check("files", holds=equal, otherwise=f"{path} is not what the creator signed.")
            rows.append({"path": path, "size": len(file.data), "sha256": file.sha256, "equals_manifest": equal})
        found.facts["files"] = rows
        _check_range(found, taken)


def trusted_manifest(taken: TakenHome) -> Manifest:
    """The manifest as its own creator signed it. Raises WireError; who that creator is, `prove` asks."""
    token = taken.manifest.decode("ascii").strip()
    return manifest.verify(token, named_key(token))


def _same_sale(found: Findings, taken: TakenHome, box: KeysFile) -> tuple[Receipt, Item]:
    """Receipt, certificate, manifest and page must speak of one sale of one number."""
    token = taken.receipt.decode("ascii").strip()
    told = receipt.verify(token, box.public)
    document = read_paper("certificate", taken.certificate).content
    if not isinstance(document, dict):
        raise WireError(
            "certificate-no-object", "What the stall gave as certificate is another paper. Look into the demo's logs."
        )
    held = credential.verify(document)
    signed = trusted_manifest(taken)
    item = told.items[0]
    name = jws.token_hash(taken.manifest.decode("ascii").strip())
    agree = {
        "receipt": (item.drop, item.ed, item.man) == (signed.drop.id, taken.edition, name),
        "certificate": (held.drop, held.edition, held.manifest) == (signed.drop.id, taken.edition, name)
        and held.receipt == jws.token_hash(token),
    }
    for paper, holds in agree.items():
        found.check(paper, holds=holds, otherwise=f"The {paper} speaks of another sale than the page.")
    price = {each.cur: each.minor for each in signed.price}
    found.check(
        "amount",
        holds=price.get(item.cur) == item.minor,
        otherwise="The receipt's price is not the one the creator signed.",
    )
    return told, item


def _proof(judged: list[Verdict], name: str) -> dict[str, object]:
    verdict = next(each for each in judged if each.name == name)
    facts: dict[str, object] = {"verified": verdict.ok, "how": list(verdict.says)}
    return facts | ({"grade": verdict.grade} if verdict.reason else {})


def _receipt_facts(told: Receipt, item: Item) -> dict[str, object]:
    return {
        "jti": told.jti,
        "box": told.iss,
        "seq": told.seq,
        "clk": told.clk,
        "manifest": item.man,
        "pay": [{"m": part.m, "st": part.st, "cur": part.cur, "minor": part.minor} for part in told.pay],
    }


def _check_range(found: Findings, taken: TakenHome) -> None:
    resumed = taken.resumed
    if resumed is None:
        found.check("range", holds=False, otherwise="No file could be taken in two parts: all are empty.")
        return
    whole = next(file for file in taken.files if file.path == resumed.file.path)
    expected = f"bytes {resumed.cut_at}-{len(whole.data) - 1}/{len(whole.data)}"
    holds = (resumed.status, resumed.content_range) == (206, expected) and resumed.file.data == whole.data
    found.check("range", holds=holds, otherwise=f"{whole.path} did not go on where it was cut off.")
    found.facts["range"] = {
        "path": whole.path,
        "cut_at": resumed.cut_at,
        "status": resumed.status,
        "content_range": resumed.content_range,
        "etag": resumed.etag,
        "sha256": resumed.file.sha256,
        "equals_whole": resumed.file.data == whole.data,
    }
