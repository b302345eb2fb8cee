"""The benchmark of the buyers' side judges what it must and says what it lacks; its crowds count right."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall.demo import nginx as shipped
from stall.errors import Refused
from tests.bench import figures, front_stand, phones, web
from tests.bench.web import BARS, QUICK, Bench

GOOD = {bar.name: bar.aim for bar in BARS}


def test_every_bar_is_one_that_may_be_missed() -> None:
    assert figures.missed(GOOD, BARS) == []
    worse = {bar.name: bar.required * 1.01 + 0.001 for bar in BARS}
    assert figures.missed(worse, BARS) == [bar.name for bar in BARS]
    assert len(figures.table(GOOD, BARS).splitlines()) == 1 + len(BARS)


def test_every_bar_has_its_figure() -> None:
    bench = Bench(QUICK, Path(), "nginx")
    bench.add("bytes", link=1.0, handed_back=1.0)
    bench.add("kept", ratio=0.01)
    bench.add("rest", pss_mb=40.0)
    bench.add("after", pss_mb=60.0)
    bench.add("start", seconds=0.3)
    bench.add("loaded", count=0.0)
    for how in ("nginx", "alone"):
        bench.add(f"slow {how}", first_s=0.1, page_max_ms=20.0)
        for count, _, _ in web.BURSTS:
            bench.add(f"burst {count} {how}", p99_ms=50.0)
    assert set(web.results(bench)) == {bar.name for bar in BARS}


def test_whoever_was_turned_away_is_told() -> None:
    bench = Bench(QUICK, Path(), "nginx")
    bench.fine("everybody", {"200": 0})
    assert bench.wrong == []
    bench.fine("somebody", {"503": 2}, 1)
    assert len(bench.wrong) == 1


def test_without_nginx_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise Refused("demo-nginx-missing", "There is none.")

    monkeypatch.setattr(shipped, "find", nowhere)
    with pytest.raises(SystemExit, match="apt-get install nginx"):
        front_stand.find_nginx()


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 303 See Other\r\nContent-Length: 0\r\n", False),
    ],
)
def test_an_answer_is_whole_when_it_says_so(answer: bytes, whole: bool) -> None:
    assert phones.ended(answer) is whole
