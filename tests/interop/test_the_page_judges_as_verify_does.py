"""The verifying page's JavaScript and `stall verify` find the same in heaps of papers: kind, verdict, code, grade, reason, signers.

What only `stall verify` reads, leases and exported journals, makes the page say less, never more.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from stall.creator import verdicts
from stall.creator.papers import Content, Export, LogProof, Paper, Text
from stall.creator.verdicts import Verdict
from stall.errors import StallError
from stall.wire import closing, jws, lease, lease_return, manifest, presentation
from tests.creator.heap import MANIFEST, NAME, certified, closed, sold
from tests.creator.pool import POOL
from tests.house.sources import ROOT
from tests.interop.questions import BETWEEN, NODE, trusted, vectors
from tests.wire import documents as doc
from tests.wire.documents import CLOUD, CREATOR, NOW, OWNER, forge

JUDGING = ROOT / "tests/interop/reader/judging.mjs"
HEAPS = 40

pytestmark = pytest.mark.node

Answer = dict[str, Any]

LEASES = (lease.TYP, lease_return.TYP)
UNTOUCHED = {"manifest", "delegation", "closing statement", "badge"}
"""What no lease and no journal speaks against."""

_OWNED = certified(sold(), owner=OWNER.did)
THREE = forge(CREATOR, manifest.TYP, doc.manifest_claims(drop=doc.drop_claims(edition=3)))
MORE: list[Content] = [
    _OWNED,
    presentation.prove(OWNER, _OWNED, "0123456789abcdef", "example.org", NOW + 60),
    {**presentation.prove(OWNER, _OWNED, "0123456789abcdef", "example.org", NOW + 60), "holder": CREATOR.did},
    closed(certified(sold()), NAME),
    forge(CREATOR, closing.TYP, doc.close_claims(man=NAME, editions=[doc.entry_claims(ed=n + 1, st="unsold", cert=None) for n in range(50)])),
    THREE,
    MANIFEST[:-1] + ("A" if MANIFEST[-1] != "A" else "B"),
    sold()[:40] + "x" + sold()[41:],
    forge(CLOUD, "stall-other+jwt", {"iss": CLOUD.thumbprint}),
]  # fmt: skip


def asked(questions: Iterable[dict[str, Any]]) -> list[Answer]:
    """All questions in one process."""
    lines = "".join(json.dumps(one) + "\n" for one in questions)
    ran = subprocess.run(
        [NODE or "node", str(JUDGING)], input=lines, capture_output=True, encoding="utf-8", timeout=50, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def data_of(content: Content) -> bytes:
    match content:
        case dict():
            return json.dumps(content, ensure_ascii=False).encode()
        case Text() | LogProof():
            return content.text.encode()
        case Export():
            return b"".join(content.lines())
    return content.encode()


def heap_of(contents: Iterable[Content], creator: str | None) -> tuple[dict[str, Any], list[Verdict]]:
    """The question to the page, and what `stall verify` says."""
    papers = [Paper(f"paper {number}", content) for number, content in enumerate(contents)]
    files = [[one.name, base64.b64encode(data_of(one.content)).decode()] for one in papers]
    question = {"kind": "judge", "papers": files} | ({"creator": creator} if creator else {})
    return question, verdicts.judge(papers, creator)


def is_read(content: object) -> bool:
    """Whether the page reads a paper, and does not leave it to `stall verify`."""
    with suppress(StallError):  # an altered token is read, and refused
        return not isinstance(content, Export) and not (
            isinstance(content, str) and jws.unverified_typ(content) in LEASES
        )
    return True


def words_of(found: Verdict) -> tuple[object, ...]:
    reason = None if found.grade in {None, "INVALID"} else found.reason
    signers = [link.did for link in found.chain] if found.ok else None
    return found.what, found.verdict, found.grade, found.code, reason, signers


def words_there(found: Answer) -> tuple[object, ...]:
    verdict = {"holds": "valid", "fails": "invalid", "open": "unknown"}[found["state"]]
    reason = (found["reasons"] or [None])[0] if found["grade"] not in {None, "INVALID"} else None
    signers = [one["did"] for one in found["signedBy"]] if found["state"] == "holds" else None
    return found["kind"], verdict, found["grade"], found.get("code"), reason, signers


def drawn() -> list[tuple[dict[str, Any], list[Verdict], bool]]:
    """Handfuls of papers, always the same ones, and whether the page reads all of them."""
    random, pool, made = Random(8), [*POOL, *MORE], []
    for _ in range(HEAPS):
        contents = random.sample(pool, random.randint(2, 10))
        expected = random.choice([None, None, CREATOR.did])
        made.append((*heap_of(contents, expected), all(map(is_read, contents))))
    return made


def test_heaps_of_any_papers_get_the_same_verdicts_and_beside_what_is_not_read_no_better_ones() -> None:
    heaps = drawn()
    parted = []
    for (question, ours, whole), said in zip(heaps, asked(one[0] for one in heaps), strict=True):
        for here, there in zip(ours, said["verdicts"], strict=True):
            same = words_of(here) == words_there(there)
            open_ = there["state"] == "open" and (not whole or there["code"] == "verify-unchecked")
            if not (same or (there["state"] == "fails" and not whole) or open_):
                parted.append((words_of(here), words_there(there), question["papers"]))
    assert [one[:2] for one in parted] == []
    met = {one.code or one.reason or one.grade for _, ours, _ in heaps for one in ours}
    assert len(met) > 20, met


def test_it_agrees_on_the_vectors_between_papers_it_reads() -> None:
    cases = [(kind, case) for kind in BETWEEN for part in ("valid", "invalid") for case in vectors(kind)[part]]
    cases = [(kind, case) for kind, case in cases if all(map(is_read, case.get("papers", ()))) and "leases" not in case]
    cases = [
        (kind, case) for kind, case in cases if case.get("code") != "manifest-alloc-moved"
    ]  # answered verify-unchecked
    questions = [{**case, "kind": kind, "trusted": trusted()} for kind, case in cases]
    for one in questions:
        if "document" in one:
            one["document"] = json.dumps(one["document"], ensure_ascii=False)
    assert len(questions) > 90
    for (kind, case), said in zip(cases, asked(questions), strict=True):
        code = said.get("code") or (said.get("reasons", [None])[0] if "code" in case else None)
        assert code == case.get("code"), (kind, case.get("rule"), said)
        if "grade" in case:
            assert (said["grade"], said["reasons"]) == (case["grade"], case["reasons"])


def test_beside_a_lease_nothing_is_said_to_hold_that_a_lease_may_speak_against() -> None:
    cases = [case for part in ("valid", "invalid") for case in vectors("heap_numbers")[part]]
    heaps = [case["papers"] for case in cases if not all(map(is_read, case["papers"]))]
    answers = asked(heap_of(papers, None)[0] for papers in heaps)
    assert len(answers) > 20
    kinds = {one["kind"] for said in answers for one in said["verdicts"] if one["state"] == "holds"}
    assert kinds <= UNTOUCHED
