"""Grades: each with its reasons, each reason on the page, and no certificate graded twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stall.wire import credential, grade, receipt
from stall.wire.grade import Closed, Declined, Entry, Known
from tests.house.sources import ROOT
from tests.wire import documents as doc
from tests.wire.cases import grades
from tests.wire.make_vectors import FOLDER

VECTORS = json.loads((FOLDER / "grades.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/protocol.md").read_text(encoding="utf-8").split("\n## 8. ")[1].split("\n## ")[0]
HELD = credential.verify(grades.PAPER)


@pytest.mark.parametrize("case", VECTORS["valid"])
def test_what_counts_has_its_grade_and_its_reasons(case: dict[str, Any]) -> None:
    found = grades.graded(case)
    assert (found.grade, [reason.code for reason in found.reasons]) == (case["grade"], case["reasons"])
    assert found.refusal is None


@pytest.mark.parametrize("case", VECTORS["invalid"], ids=[case["rule"] for case in VECTORS["invalid"]])
def test_what_does_not_count_is_revoked_or_invalid(case: dict[str, Any]) -> None:
    found = grades.graded(case)
    assert found.grade == ("REVOKED" if case["code"].startswith("revoked-") else "INVALID")
    assert [reason.code for reason in found.reasons] == [case["code"]]


def test_every_reason_stands_on_the_page() -> None:
    codes = set(grade.SENTENCES) | {case["code"] for case in VECTORS["invalid"] if case["code"].startswith("revoked-")}
    assert [code for code in sorted(codes) if f"`{code}`" not in PAGE] == []


def test_each_reason_is_met_in_a_vector() -> None:
    assert {reason for case in VECTORS["valid"] for reason in case["reasons"]} == set(grade.SENTENCES)


def test_every_reason_for_a_revocation_is_told() -> None:
    known = Known(declined=[Declined(HELD.receipt)], revoked=grades.known_of({"revoked": [_box(doc.NOW)]}).revoked)
    assert [reason.code for reason in grade.judge(HELD, known).reasons] == ["revoked-box", "revoked-decline"]


def test_papers_of_other_sales_take_nothing_back() -> None:
    other = grades.back(receipt.VOID, ref=doc.EPOCH, jti=doc.JTI)
    assert grades.graded({"document": grades.PAPER, "receipt": grades.SOLD, "returns": [other]}).refusal is None
    for declined in (Declined(doc.HASH), Declined(HELD.receipt, frozenset({("night-prints", 8)}))):
        assert grade.judge(HELD, Known(declined=[declined])).refusal is None
    later = grades.known_of({"revoked": [_box(doc.NOW + 1)], "receipt": grades.SOLD})
    assert grade.judge(HELD, later).refusal is None


def test_a_closing_without_the_certificate_rules_out_one_without_number() -> None:
    held = credential.verify(grades.paper(edition=None, edition_size=None))
    other = Entry(None, "sold", doc.HASH)
    assert grade.judge(held, Known(closed=Closed((other,)))).grade == "INVALID"
    assert grade.judge(held, Known(closed=Closed((other,), whole=False))).grade == "VALID-PROVISIONAL"


def _box(at: int) -> dict[str, Any]:
    return {"kind": "box", "ref": doc.BOX.thumbprint, "at": at}
