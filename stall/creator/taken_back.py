"""Everything that says of certificates of a drop that they count no more, gathered for whoever is shown one of them.

Nothing is signed: the newest manifest, the closing statement, declines, refunds, voids and exchanges with the receipts they take
back, and the delegations by which all these count. `stall verify` and `verify.html` take the ZIP beside a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from stall import disk
from stall.creator import copies, ledger, verdicts, zips
from stall.creator.keyring import Shown
from stall.creator.papers import Export, Paper
from stall.errors import Refused
from stall.wire import closing, decline, delegation, jws, manifest, receipt
from stall.wire.receipt import Receipt

_CALLED = {
    closing.TYP: "close", decline.TYP: "decline", manifest.TYP: "manifest", receipt.RECEIPT: "receipt", receipt.REFUND: "refund",
    receipt.VOID: "void", delegation.TYP: "delegation",
}  # fmt: skip


def gather(creator: Shown, drop: str, papers: Sequence[Paper]) -> dict[str, str]:
    """The tokens by file name. Raises Refused `revocations-paper`, `revocations-too-many`, and the errors of the ledger."""
    with ledger.opened(creator.folder) as book:
        delegated = [row.token for row in book.delegations if row.covers(drop)]
    own = [Paper(f"delegation-{n}", token) for n, token in enumerate(delegated)]
    for verdict in verdicts.judge([*papers, *own], creator.did)[: len(papers)]:
        if verdict.grade == verdicts.INVALID:
            raise Refused(
                "revocations-paper",
                f"“{verdict.name}” ({verdict.what}) does not hold, so it takes nothing back: {verdict.says[-1]}",
            )
    tokens = dict.fromkeys([*_given(papers), *_of_journals(papers, drop), *delegated])
    if len(tokens) > zips.MOST_PAPERS:
        raise Refused(
            "revocations-too-many",
            f"These are {len(tokens)} papers, and a ZIP of papers has {zips.MOST_PAPERS} at most. Sign them into the next version of the drop"
            " with `stall certificate revoke`: then its manifest says it all.",
        )
    found: dict[str, str] = {}
    for token in tokens:
        called = _CALLED[jws.unverified_typ(token)]
        found[f"{called}-{1 + sum(name.startswith(f'{called}-') for name in found)}.jws"] = token
    return found


def write(out: Path, found: dict[str, str]) -> None:
    """Write them into one ZIP. Raises the errors of `disk.whole_file`."""
    with disk.whole_file(out) as file:
        zips.write(file, found.items())


def _given(papers: Sequence[Paper]) -> Iterator[str]:
    for paper in papers:
        if isinstance(paper.content, str) and jws.unverified_typ(paper.content) in _CALLED:
            yield paper.content


def _of_journals(papers: Sequence[Paper], drop: str) -> Iterator[str]:
    """What takes something of the drop back, and before it the receipt it takes it back of."""
    for paper in papers:
        if not isinstance(paper.content, Export):
            continue
        sold: dict[str, str] = {}
        for token in _receipts(paper.content):
            signed = receipt.parse(jws.unverified_claims(token))
            if any(item.drop == drop for item in signed.items):
                sold[signed.jti] = token
                yield from _pair(signed, token, sold)


def _pair(signed: Receipt, token: str, sold: dict[str, str]) -> Iterator[str]:
    if signed.ref is not None:
        if signed.ref in sold:
            yield sold[signed.ref]
        yield token


def _receipts(content: Export) -> Iterator[str]:
    for data in content.lines():
        fact = copies.fact(data)
        token = None if fact is None else fact.body.get("receipt")
        if isinstance(token, str):
            yield token
