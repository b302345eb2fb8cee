"""The quick reader of plain requests reads what the server's own reader reads, and leaves it everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from stall.web import plain

PRESS = (
    b"POST /d/sampler/take HTTP/1.1\r\nHost: stall.test\r\nContent-Length: 5\r\nOrigin: http://stall.test\r\n\r\nabcde"
)


def server_reads(data: bytes) -> HTTPRequestParser:
    parser = HTTPRequestParser(Adjustments())
    while data and not parser.completed:
        data = data[parser.received(data) :]
    assert not data or parser.completed
    return parser


def test_a_plain_post_is_read_at_once() -> None:
    request = plain.read(PRESS)
    assert request is not None
    assert (request.path, request.body) == ("/d/sampler/take", b"abcde")
    assert request.headers == {"HOST": "stall.test", "CONTENT_LENGTH": "5", "ORIGIN": "http://stall.test"}


NAMES = st.sampled_from(
    [
        "Host",
        "Origin",
        "Content-Type",
        "Accept",
        "X-Any",
        "host",
        "Content-Length",
        "Connection",
        "Transfer-Encoding",
        "Expect",
    ]
)
VALUES = st.sampled_from(
    [
        "stall.test",
        "keep-alive",
        "close",
        "chunked",
        "100-continue",
        "3",
        "0",
        "a b",
        " a",
        "a ",
        "",
        "\x0b",
        "ü",
        "a,b",
    ]
)
LINES = st.lists(st.tuples(NAMES, st.sampled_from([": ", ":", ":  ", " : "]), VALUES), max_size=5)
PATHS = st.sampled_from(
    ["/d/x/take", "/d/x/take?a=b", "//d/x/take", "http://stall.test/d/x/take", "/d/%78/take", "/d/x/take#y", "*"]
)
STARTS = st.sampled_from(
    ["POST {} HTTP/1.1", "POST {} HTTP/1.0", "GET {} HTTP/1.1", "POST  {} HTTP/1.1", "post {} HTTP/1.1", "POST {}"]
)
BODIES = st.sampled_from([b"", b"abc", b"abcd", b"abc\r\n", b"abcPOST /d/x/take HTTP/1.1\r\n\r\n"])


@given(STARTS, PATHS, LINES, st.sampled_from(["\r\n", "\n", "\r"]), BODIES, st.booleans())
def test_whatever_it_reads_the_server_reads_the_same(
    start: str, path: str, lines: list[tuple[str, str, str]], end: str, body: bytes, length: bool
) -> None:
    fields = ["".join(line) for line in lines] + ([f"Content-Length: {len(body)}"] if length else [])
    data = end.join([start.format(path), *fields, "", ""]).encode("latin-1") + body
    request = plain.read(data)
    if request is None:
        return
    parsed = server_reads(data)
    again = plain.of(parsed)
    assert parsed.error is None
    assert again is not None
    assert (again.path, dict(again.headers), again.body) == (request.path, request.headers, request.body)


@pytest.mark.parametrize(
    "data",
    [
        PRESS + b"x",
        PRESS[:-1],
        PRESS + PRESS,
        PRESS.replace(b"POST", b"GET"),
        PRESS.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PRESS.replace(b"take ", b"take?a=1 "),
        PRESS.replace(b"/d/", b"//d/../"),
        PRESS.replace(b"Host: ", b"Host:"),
        PRESS.replace(b"Host: ", b"Host:  "),
        PRESS.replace(b"Host: stall", b"Host: st\xe4ll"),
        PRESS.replace(b"Host: stall.test\r\n", b"Host: stall.test\r\n folded\r\n"),
        PRESS.replace(b"\r\nOrigin", b"\r\nHost: other\r\nOrigin"),
        PRESS.replace(b"Length: 5", b"Length: 05"),
        PRESS.replace(b"Length: 5", b"Length: +5"),
        PRESS.replace(b"\r\nOrigin", b"\r\nConnection: close\r\nOrigin"),
        PRESS.replace(b"\r\nOrigin", b"\r\nTransfer-Encoding: chunked\r\nOrigin"),
        PRESS.replace(b"\r\nOrigin", b"\r\nExpect: 100-continue\r\nOrigin"),
        PRESS.replace(b"Host", b"Ho st"),
        PRESS.replace(b"Host", b"Ho_st"),
        PRESS.replace(b"\r\n", b"\n"),
    ],
)
def test_what_is_not_plain_is_left_to_the_server(data: bytes) -> None:
    assert plain.read(data) is None
