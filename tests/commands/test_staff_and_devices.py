"""`stall staff`, `stall device` and `stall keys tls`: what the maker does on the box itself."""

from __future__ import annotations

import re
from pathlib import Path

from stall import app
from stall.flows import enrol_device, sign_in
from stall.store import devices, people
from stall.store.tls_files import CERTIFICATE, KEY
from stall.wire import claimcode, tls
from tests.commands.conftest import Run
from tests.fakes.clock import START_MS, FakeClock


def signs_in(data: Path, clock: FakeClock, person: int, pin: str) -> bool:
    box = app.open_box(data, clock=clock)
    try:
        made = box.write("payment", lambda tx: sign_in.begin_try(tx, person, None))
        return sign_in.is_right(made, pin)
    finally:
        box.close()


def test_people_come_get_a_pin_and_go(data: Path, clock: FakeClock, stall: Run) -> None:
    added = stall("staff", "add", "Robin", "--data", data, "--json").json
    assert (added["person"], added["role"]) == (2, "staff")
    assert re.fullmatch(r"\d{6}", added["pin"])
    assert signs_in(data, clock, 2, added["pin"])
    fresh = stall("staff", "pin", "2", "--data", data)
    pin = fresh.out.strip().rsplit(" ", 1)[1]
    assert signs_in(data, clock, 2, pin)
    assert not signs_in(data, clock, 2, added["pin"])
    assert stall("staff", "end", "2", "--data", data).code == 0
    assert not signs_in(data, clock, 2, pin)
    assert [row["active"] for row in stall("staff", "list", "--data", data, "--json").json["people"]] == [True, False]
    assert "Robin (left)" in stall("staff", "list", "--data", data).out


def test_the_last_maker_stays_and_nobody_else_is_meant(data: Path, stall: Run) -> None:
    refused = stall("staff", "end", "1", "--data", data)
    assert (refused.code, "last-maker" in refused.err) == (1, True)
    unknown = stall("staff", "pin", "9", "--data", data)
    assert (unknown.code, "person-unknown" in unknown.err) == (1, True)
    assert stall("staff", "add", "  ", "--data", data).code == 1


def test_the_label_enrols_until_there_is_another_and_a_lost_phone_is_ended(
    data: Path, clock: FakeClock, stall: Run
) -> None:
    label = stall("device", "enrol", "--data", data, "--json").json
    assert label["address"] == f"https://127.0.0.1:8443/enrol#{label['code']}"
    box = app.open_box(data, clock=clock)
    code = claimcode.decode(label["code"])
    made = box.write("payment", lambda tx: enrol_device.enrol(tx, code, "Blue phone", "x"))
    assert made
    assert "1  Blue phone" in stall("device", "list", "--data", data).out
    stall("device", "enrol", "--data", data)
    assert box.write("payment", lambda tx: enrol_device.enrol(tx, code, "Other", "x")) is None
    assert stall("device", "end", "1", "--data", data).code == 0
    assert devices.by_token(box.db.read(), made.token) is None
    box.close()
    assert "Blue phone (ended)" in stall("device", "list", "--data", data).out
    assert "device-unknown" in stall("device", "end", "1", "--data", data).err


def test_the_certificate_is_made_once_shown_again_and_renewed_when_asked(
    data: Path, clock: FakeClock, stall: Run
) -> None:
    first = stall("keys", "tls", "--data", data, "--json").json
    assert first["new"] is True
    assert first["names"] == ["127.0.0.1", "localhost"]
    assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", first["fingerprint"])
    for name in (KEY, CERTIFICATE):
        assert (data / "keys" / name).stat().st_mode & 0o777 == 0o600
    again = stall("keys", "tls", "--data", data, "--json").json
    assert (again["new"], again["fingerprint"]) == (False, first["fingerprint"])
    named = stall("keys", "tls", "--data", data, "--name", "stall.local", "--json").json
    assert named["names"] == ["127.0.0.1", "localhost", "stall.local"]
    assert named["fingerprint"] != first["fingerprint"]
    assert named["fingerprint"] in stall("device", "enrol", "--data", data).out
    renewed = stall("keys", "tls", "--data", data, "--renew", "--json").json
    assert renewed["names"] == named["names"]
    assert renewed["fingerprint"] != named["fingerprint"]


def test_a_certificate_that_ends_soon_is_told(data: Path, clock: FakeClock, stall: Run) -> None:
    stall("keys", "tls", "--data", data)
    clock.advance((tls.DAYS - 30) * 86_400_000)
    assert "It ends in" in stall("keys", "tls", "--data", data).err
    (data / "keys" / CERTIFICATE).write_text("nothing")
    assert "tls-unreadable" in stall("keys", "tls", "--data", data).err
    assert clock.wall > START_MS


def test_names_that_are_none_are_refused(data: Path, stall: Run) -> None:
    assert "tls-names" in stall("keys", "tls", "--data", data, "--name", "größe.local").err


def test_everybody_is_found_by_name(data: Path, clock: FakeClock, stall: Run) -> None:
    stall("staff", "add", "Robin", "--data", data)
    box = app.open_box(data, clock=clock)
    conn = box.db.read()
    assert [people.called(conn, who) for who in ("2", 2, "maker", "99", "²")] == ["Robin", "Robin", "maker", "99", "²"]
    box.close()
