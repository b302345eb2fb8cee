"""`stall verify` reads an exported journal as the stranger's script does: what that refuses is refused here too."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from stall.creator import journals, verdicts
from stall.creator.books import Limits
from stall.creator.journals import Known, Report
from stall.creator.papers import Export, Paper
from stall.errors import WireError
from stall.store.box import Box
from stall.wire import b64, delegation, jws, merkle, note, receipt
from tests.fakes.stock import PRINTS, Stocked
from tests.flows import busy_day
from tests.flows import test_exports_are_checked_by_anybody as by_anybody
from tests.flows.test_exports_are_checked_by_anybody import CLOUD, CLOUD_NAME, STRANGER, Line, exported
from tests.wire import documents


def read(lines: list[Line], known: Known | None = None) -> Report:
    return journals.check([json.dumps(line).encode() + b"\n" for line in lines], known)


def refusal(lines: list[Line], known: Known | None = None) -> str:
    with pytest.raises(WireError) as refused:
        read(lines, known)
    return refused.value.code


@pytest.fixture
def day(stall: Stocked) -> Stocked:
    by_anybody.cosign(stall)
    busy_day.live_through(stall)
    return stall


def test_a_day_of_every_kind_holds_and_adds_up(day: Stocked) -> None:
    cosigner = note.Verifier(CLOUD_NAME, CLOUD.public, note.COSIGNATURE_KIND)
    report = read(exported(day.box), Known(box=day.box.secrets.signing.did, cosigners=[cosigner]))
    assert {tender: minor for (tender, _), minor in report.books.money.items()} == busy_day.TAKEN
    assert {number for _, number in report.books.sold} == busy_day.SOLD
    assert [one.name for one in report.lives[0].cosigned] == [CLOUD_NAME]


def test_a_second_life_goes_on_from_the_first(stall: Stocked) -> None:
    busy_day.two_lives(stall)
    report = read(exported(stall.box))
    assert len(report.lives) == 2
    assert {number for drop, number in report.books.sold if drop == PRINTS} == busy_day.SOLD_IN_BOTH


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (by_anybody.bit_in_a_proof, "proof-not-included"),
        (by_anybody.bit_in_the_consistency_proof, "proof-other-beginning"),
        (by_anybody.a_line_dropped, "export-order"),
        (by_anybody.the_end_dropped, "export-root"),
        (by_anybody.lines_swapped, "export-order"),
        (by_anybody.numbers_swapped_too, "export-order"),
        (by_anybody.a_proof_left_out, "export-proof"),
        (by_anybody.signed_by_another, "note-not-signed"),
        (by_anybody.of_another_box, "token-unknown-key"),
        (by_anybody.an_event_of_another_epoch, "export-order"),
        (by_anybody.time_running_back, "export-time"),
        (by_anybody.a_step_left_out, "export-attempt"),
        (by_anybody.a_number_sold_twice, "export-number"),
        (by_anybody.a_receipt_for_less_than_was_paid, "export-receipt"),
        (by_anybody.a_receipt_of_another_box, "token-unknown-key"),
        (by_anybody.a_lease_nobody_gave, "export-number"),
        (by_anybody.a_z_report_with_another_sum, "export-z"),
        (by_anybody.a_z_report_left_out, "export-z"),
        (by_anybody.an_epoch_too_few, "export-epochs"),
        (by_anybody.true_for_one_epoch, "export-epochs"),
        (by_anybody.false_for_the_first_event, "export-order"),
        (by_anybody.true_for_the_second_event, "event-seq"),
        (by_anybody.true_for_the_version, "event-not-canonical"),
        (by_anybody.true_for_a_time, "event-at"),
        (by_anybody.false_for_a_tip, "member-type"),
        (by_anybody.another_beginning_cosigned, "proof-other-beginning"),
    ],
)
def test_a_changed_export_is_refused_by_the_rule_it_breaks(
    day: Stocked, tamper: Callable[[Box, list[Line]], list[Line]], code: str
) -> None:
    assert refusal(tamper(day.box, exported(day.box))) == code


def test_the_export_of_another_box_is_refused(day: Stocked) -> None:
    assert refusal(exported(day.box), Known(box=STRANGER.did)) == "export-other-box"


def test_two_signed_roots_of_one_size_are_a_fork(day: Stocked) -> None:
    lines = exported(day.box)
    leaves = [merkle.leaf_hash(b64.decode(line["bytes"])) for line in lines[1:4]]
    origin = str(lines[0]["note"]).split("\n", 1)[0]
    assert read(lines, Known(roots={(origin, 3): merkle.root_of(leaves)})).events == len(lines) - 1
    assert refusal(lines, Known(roots={(origin, 3): merkle.root_of(leaves[::-1])})) == "verify-forked"


def test_more_by_cards_read_offline_than_the_creator_allowed_is_refused(day: Stocked) -> None:
    plain = documents.delegation_to(day.box.secrets.signing, drops=["*"], iss=day.creator.did)
    now_s = day.clock.wall // 1000
    plain |= {"iat": now_s - 86_400, "nbf": now_s - 86_400, "exp": now_s + 86_400}
    cases: tuple[tuple[int, int, list[str]], ...] = (
        (10_000, 100_000, []),
        (1, 100_000, ["delegation-over-limit"]),
        (10_000, 1, ["export-over-limit"]),
    )
    for sale, total, refused in cases:
        plain["max"] = {"cur": "EUR", "sale": sale, "stored_total": total, "stored_age_h": 24}
        known = Known(limits=Limits([delegation.parse(plain)]))
        assert [one.code for one in read(exported(day.box), known).books.refused.values()] == refused


def test_the_limits_of_a_creator_whose_delegation_the_box_never_took_are_not_asked_for(day: Stocked) -> None:
    plain = documents.delegation_to(day.box.secrets.signing, drops=["*"], iss=STRANGER.did)
    now_s = day.clock.wall // 1000
    plain |= {"iat": now_s - 86_400, "nbf": now_s - 86_400, "exp": now_s + 86_400}
    plain["max"] = {"cur": "EUR", "sale": 1, "stored_total": 1, "stored_age_h": 24}
    report = read(exported(day.box), Known(limits=Limits([delegation.parse(plain)])))
    assert (report.books.accepted, report.books.refused) == ({day.creator.did}, {})


def test_what_takes_back_in_an_export_counts_for_the_receipt_beside_it(day: Stocked) -> None:
    plain = documents.delegation_to(day.box.secrets.signing, drops=["*"], iss=day.creator.did)
    now_s = day.clock.wall // 1000
    plain |= {"iat": now_s - 86_400, "nbf": now_s - 86_400, "exp": now_s + 86_400}
    bodies = [json.loads(b64.decode(line["bytes"]))["body"] for line in exported(day.box) if "bytes" in line]
    tokens = [body["receipt"] for body in bodies if "receipt" in body]
    back = {jws.unverified_claims(one)["ref"] for one in tokens if jws.unverified_typ(one) != receipt.RECEIPT}
    sold = [one for one in tokens if jws.unverified_typ(one) == receipt.RECEIPT]
    lines = [json.dumps(line).encode() + b"\n" for line in exported(day.box)]
    journal = Paper("journal", Export(lambda: lines))
    given = Paper("delegation", documents.forge(day.creator, delegation.TYP, plain))
    found = verdicts.judge([journal, journal, given, *(Paper(one, one) for one in sold)])
    assert [one.code or one.reason for one in found] == [None] * len(found)
    taken = {one.name for one in found if any("takes it back, whole" in line for line in one.says)}
    assert taken == {one for one in sold if jws.unverified_claims(one)["jti"] in back} != set()


@pytest.mark.parametrize(
    "text", [b"[]", b"not json", b'{"type": "event"}', b'{"type": "checkpoint", "box": 1}', b"\xff"]
)
def test_what_is_no_export_is_refused(text: bytes) -> None:
    with pytest.raises(WireError):
        journals.check([text])
    with pytest.raises(WireError):
        journals.check([])
