"""What nginx reports is believed only where it is exactly a report, of a file under a grant; whatever else comes is dropped."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import Refused
from stall.flows.record_transfer import Transfer
from stall.web import datagrams, ids
from stall.web.datagrams import Datagrams
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import FILES, PRINTS, Stocked
from tests.web import front

PHOTO = "01 low sun.jpg"
DATA = FILES[PRINTS][PHOTO]
HEAD = "<190>Nov 28 10:00:00 stall: "


@pytest.fixture
def ear(stocked_box: Stocked, tmp_path: Path) -> Iterator[Datagrams]:
    app = create_buyer_app(stocked_box.box)
    listening = Datagrams(tmp_path / "t.sock", stocked_box.box, shop_of(app).transfers)
    yield listening
    listening.stop()
    shop_of(app).stop()


def report(stocked: Stocked, granted: str, **other: Any) -> dict[str, Any]:
    sha = stocked.box.db.read().execute("SELECT sha256 FROM files WHERE path = ?", (PHOTO,)).fetchone()[0]
    fields = {"grant": granted, "sha256": sha, "name": PHOTO, "status": 200, "sent": len(DATA), "range": ""}
    return fields | other


def said(fields: dict[str, Any]) -> bytes:
    return (HEAD + json.dumps(fields, ensure_ascii=False)).encode()


def part(first: int, last: int) -> dict[str, Any]:
    return {"status": 206, "range": f"bytes {first}-{last}/{len(DATA)}", "sent": last - first + 1}


def send(ear: Datagrams, *all_of_them: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        for datagram in all_of_them:
            sock.sendto(datagram, str(ear._path))


def counted(stocked: Stocked, ear: Datagrams) -> list[int]:
    """How often each file was downloaded, once all is written down."""
    ear.stop()
    ear._transfers.stop()
    return [row[0] for row in stocked.box.db.read().execute("SELECT count FROM downloads ORDER BY file")]


def test_a_whole_file_is_one_download(ear: Datagrams, stocked_box: Stocked) -> None:
    send(ear, said(report(stocked_box, front.grant(stocked_box))))
    assert (counted(stocked_box, ear), ear.dropped) == ([1], 0)


def test_a_cut_and_its_resume_are_one_and_parts_fetched_twice_are_none(ear: Datagrams, stocked_box: Stocked) -> None:
    grant = front.grant(stocked_box)
    size = len(DATA)
    send(
        ear,
        said(report(stocked_box, grant, sent=9000)),  # broken off
        said(report(stocked_box, grant, **part(0, 999))),
        said(report(stocked_box, grant, **part(8000, size - 1))),
    )
    assert counted(stocked_box, ear) == [1]


def test_the_last_byte_alone_is_no_download(ear: Datagrams, stocked_box: Stocked) -> None:
    grant = front.grant(stocked_box)
    send(ear, *[said(report(stocked_box, grant, **part(len(DATA) - 1, len(DATA) - 1)))] * 3)
    assert counted(stocked_box, ear) == []


WRONG: list[dict[str, Any]] = [
    {"grant": "A" * 22},
    {"grant": "-"},
    {"sha256": "0" * 64},
    {"sha256": "F" * 64},
    {"name": "other.jpg"},
    {"name": ""},
    {"name": "x" * 700},
    {"name": 3},
    {"sent": 0},
    {"sent": -5},
    {"sent": len(DATA) + 1},
    {"sent": 1.5},
    {"sent": "15000"},
    {"status": 206},
    {"status": 404},
    {"status": 206, "range": "bytes 0-9/15000", "sent": 11},
    {"status": 206, "range": "bytes 14999-15010/15011", "sent": 5},
    {"status": 206, "range": "lines 0-9/15000", "sent": 1},
    {"range": "bytes 0-9/15000"},
    {"more": 1},
]


def test_reports_that_are_not_right_in_every_part_count_nothing(ear: Datagrams, stocked_box: Stocked) -> None:
    grant = front.grant(stocked_box)
    for n, other in enumerate(WRONG, 1):
        send(ear, said(report(stocked_box, grant, **other)))
        front.until(partial(dropped, ear, n))
    assert counted(stocked_box, ear) == []
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM transfers").fetchone()[0] == 0


def dropped(ear: Datagrams, times: int) -> bool:
    return ear.dropped == times


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: (HEAD + text).encode()))
def test_no_bytes_break_the_reader(datagram: bytes) -> None:
    assert datagrams.read(datagram) is None


@pytest.mark.parametrize("head", ["", "<190>", "<190>Nov 28 10:00:00 stall:", "<9>Nov 28 10:00:00 other: ", "x" + HEAD])
def test_only_our_own_log_format_is_read(head: str) -> None:
    body = json.dumps({"grant": "A" * 22, "sha256": "0" * 64, "name": "a", "status": 200, "sent": 1, "range": ""})
    assert datagrams.read((HEAD + body).encode()) is not None
    assert datagrams.read((head + body).encode()) is None
    assert datagrams.read((HEAD + body + "x").encode()) is None
    assert datagrams.read((HEAD + body[:-1] + ', "name": "' + "y" * 5000 + '"}').encode()) is None


def test_a_flood_is_dropped_and_counted_and_what_is_right_among_it_is_kept(
    ear: Datagrams, stocked_box: Stocked, capfd: pytest.CaptureFixture[str]
) -> None:
    grant = front.grant(stocked_box)
    garbage = said(report(stocked_box, grant, name="no such file.jpg"))
    send(ear, *[garbage, b"\xff" * 60, b""] * 1000)
    send(ear, said(report(stocked_box, grant)))
    assert (counted(stocked_box, ear), ear.dropped) == ([1], 3000)
    out, err = capfd.readouterr()
    assert (out + err).count("transfer.report_dropped") <= 4
    assert grant not in out + err
    assert "no such file" not in out + err


def test_what_waits_is_bounded(ear: Datagrams, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "MOST_WAITING", 5)
    ear._waiting.extend([b"x"] * 5)
    monkeypatch.setattr(ear, "_take", lambda _: time.sleep(0.001))
    send(ear, *[b"y"] * 200)
    ear.stop()
    assert ear.dropped > 0
    assert len(ear._waiting) == 0


def test_many_transfers_are_written_together(stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that asks for one byte a thousand times costs the disk a few writes."""
    grant = front.grant(stocked_box)
    app = create_buyer_app(stocked_box.box)
    transfers = shop_of(app).transfers
    commits: list[int] = []
    write = stocked_box.box.write

    def noted(lane: str, work: Any) -> Any:
        commits.append(1)
        return write(lane, work)

    monkeypatch.setattr(transfers, "_box", SimpleNamespace(write=noted))
    no = ids.grant_no(stocked_box.box.secrets, grant)
    file = stocked_box.box.db.read().execute("SELECT id FROM files WHERE path = ?", (PHOTO,)).fetchone()[0]
    with transfers._something:
        transfers._done.extend([Transfer(no, file, len(DATA), 0, 1)] * 1000)
    shop_of(app).stop()
    assert len(commits) == 5
    assert stocked_box.box.db.read().execute("SELECT sent FROM transfers").fetchone()[0] == 1000


def test_owner_and_group_may_report_and_nobody_else(ear: Datagrams, stocked_box: Stocked, tmp_path: Path) -> None:
    assert (tmp_path / "t.sock").stat().st_mode & 0o777 == 0o660
    ear.stop()
    assert not (tmp_path / "t.sock").exists()
    with pytest.raises(Refused, match="Nobody may listen at"):
        Datagrams(tmp_path / "not" / "there", stocked_box.box, ear._transfers)
    (tmp_path / "books").write_text("the books")
    with pytest.raises(Refused):
        Datagrams(tmp_path / "books", stocked_box.box, ear._transfers)
    assert (tmp_path / "books").read_text() == "the books"
