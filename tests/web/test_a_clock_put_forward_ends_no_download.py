"""Between a step of the clock and the next transaction, which moves what runs out along, nothing looks over."""

from __future__ import annotations

from flask.testing import FlaskClient

from stall.clock import Source
from tests.fakes.stock import PRINTS, Stocked
from tests.web import phone

HOUR_MS = 3_600_000


def test_a_download_goes_on_though_nothing_was_written_since_the_clock_was_put_forward(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    grant = phone.grant(buyer, stocked_box)
    stocked_box.clock.source, stocked_box.clock.wall = Source.NTP, stocked_box.clock.wall + 30 * HOUR_MS
    assert buyer.get(f"{grant}/{PRINTS}.zip", buffered=True).status_code == 200
    assert buyer.get(grant).status_code == 200


def test_a_code_still_opens_then(buyer: FlaskClient, stocked_box: Stocked) -> None:
    code = phone.code_of(stocked_box, phone.sell(stocked_box, PRINTS))
    stocked_box.clock.wall += 30 * HOUR_MS
    assert buyer.get(f"/T/{code}").status_code == 200


def test_the_time_it_had_left_still_ends(buyer: FlaskClient, stocked_box: Stocked) -> None:
    grant = phone.grant(buyer, stocked_box)
    stocked_box.clock.wall += 30 * HOUR_MS
    with stocked_box.box.db.transaction():
        pass
    stocked_box.clock.advance(25 * HOUR_MS)
    assert buyer.get(f"{grant}/{PRINTS}.zip", buffered=True).status_code == 410
