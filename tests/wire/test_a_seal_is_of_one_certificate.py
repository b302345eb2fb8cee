"""The seal: the same for one certificate whoever signs it, clearly another for others, small, and never beyond its paper."""

from __future__ import annotations

import hashlib
import re
from math import gcd
from typing import Any

import pytest

from stall.wire import proof, seal
from tests.wire import documents as doc

MAX_BYTES = 12_000
GOOD = doc.certificate_of()
DIGEST = seal.digest_of(GOOD)
MANY = [hashlib.sha256(str(number).encode()).digest() for number in range(60)]


def changed(**members: Any) -> dict[str, Any]:
    return {**GOOD, "credentialSubject": {**GOOD["credentialSubject"], **members}}


def cells(digest: bytes) -> set[tuple[int, int, int]]:
    """Where each line goes, on a paper of fifty by fifty fields: what an eye tells apart at a glance."""
    return {(which, x // 20, y // 20) for which, line in enumerate(seal.lines(digest)) for x, y in line.points}


def alike(one: bytes, other: bytes) -> float:
    """How much of what is drawn of either falls on the same fields; the rim, which all have, left out."""
    here, there = ({field for field in cells(digest) if field[0]} for digest in (one, other))
    return len(here & there) / len(here | there)


def test_it_is_drawn_from_the_five_names_the_certificate_bears() -> None:
    by_hand = '["{creator}","{drop}","{manifest}",{edition},"{receipt}"]'.format(**GOOD["credentialSubject"])
    assert hashlib.sha256(by_hand.encode()).digest() == DIGEST


def test_a_copy_without_number_has_null_in_its_place() -> None:
    subject = {name: value for name, value in GOOD["credentialSubject"].items() if "edition" not in name}
    by_hand = '["{creator}","{drop}","{manifest}",null,"{receipt}"]'.format(**subject)
    assert hashlib.sha256(by_hand.encode()).digest() == seal.digest_of({"credentialSubject": subject})


def test_a_countersignature_a_settlement_and_an_owner_change_nothing() -> None:
    bare = {name: value for name, value in changed(settlement="pending").items() if name != "proof"}
    countersigned = proof.add(doc.CREATOR, {**bare, "issuer": {"id": doc.CREATOR.did, "name": "Anna"}}, doc.NOW)
    assert seal.digest_of(countersigned) == DIGEST
    assert seal.digest_of(changed(id=doc.OWNER.did)) == DIGEST


@pytest.mark.parametrize(
    "members",
    [{"creator": doc.STRANGER.did}, {"drop": "other"}, {"manifest": "sha256-" + "A" * 43}, {"edition": 8}, {"receipt": "sha256-" + "A" * 43}],
    ids=["creator", "drop", "manifest", "edition", "receipt"],
)  # fmt: skip
def test_each_of_the_names_makes_another(members: dict[str, Any]) -> None:
    other = seal.digest_of(changed(**members))
    assert other != DIGEST
    assert seal.svg(other, "") != seal.svg(DIGEST, "")


@pytest.mark.parametrize("bit", range(0, 256, 5))
def test_one_bit_of_the_digest_makes_clearly_another_picture(bit: int) -> None:
    other = (int.from_bytes(DIGEST) ^ 1 << bit).to_bytes(32)
    assert alike(DIGEST, other) < 0.5
    assert sum(a != b for a, b in zip(seal.curves(DIGEST), seal.curves(other), strict=True)) >= 3


def test_no_two_of_many_are_alike() -> None:
    drawn = [{field for field in cells(digest) if field[0]} for digest in MANY[:30]]
    overlap = [len(a & b) / len(a | b) for at, a in enumerate(drawn) for b in drawn[:at]]
    assert max(overlap) < 0.6


@pytest.mark.parametrize("digest", [bytes(32), bytes([255]) * 32, *MANY[:20]], ids=lambda digest: digest[:2].hex())
def test_it_stays_on_its_paper_and_is_small(digest: bytes) -> None:
    drawn = seal.lines(digest)
    assert {value for line in drawn for point in line.points for value in point} <= set(range(seal.BOX + 1))
    svg = seal.svg(digest, "Seal")
    assert len(svg) <= MAX_BYTES
    assert "style" not in svg
    assert "id=" not in svg


def test_its_curves_close_after_all_their_turns_and_none_has_three_or_four_arms() -> None:
    """Figures of three or four hooked arms are read as signs of something else."""
    for digest in MANY:
        for curve in seal.curves(digest):
            assert gcd(curve.lobes, curve.turns) == 1
            assert curve.lobes >= 5
            assert curve.low < curve.high


def test_a_path_is_its_points() -> None:
    line = seal.lines(DIGEST)[1]
    first, rest = re.fullmatch(r"M(\d+ \d+)l(.*)z", seal.path(line.points)).groups()  # type: ignore[union-attr]  # it matches
    steps = [int(number) for number in re.findall(r"-?\d+", rest)]
    x, y = map(int, first.split())
    walked = [(x, y)]
    for dx, dy in zip(steps[::2], steps[1::2], strict=True):
        x, y = x + dx, y + dy
        walked.append((x, y))
    assert tuple(walked) == line.points


def test_a_label_stays_a_label() -> None:
    assert 'aria-label="a &quot;b&quot; &lt;c&gt; &amp; d"' in seal.svg(DIGEST, 'a "b" <c> & d')


def test_it_is_called_by_the_beginning_of_its_digest() -> None:
    assert seal.name(bytes(range(32))) == "0001 0203 0405 0607"
