"""The code that joins a Wi-Fi, read back by a reader of another make; and what no code is made of."""

from __future__ import annotations

import re
import string

import pytest
import zxingcpp
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image
from qrcode.main import QRCode

from stall.errors import Refused
from stall.wire import wifi_qr

NAMES = string.ascii_letters + string.digits + " ._-"
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def fits(name: str, password: str) -> bool:
    try:
        wifi_qr.check(name, password)
    except Refused:
        return False
    return True


def read(text: str) -> tuple[str, str, str]:
    """Kind, name and password of a code, by the rule phones follow: a backslash takes the next sign as it is."""
    body = re.fullmatch(r"WIFI:(.*);;", text)
    assert body
    parts = dict(re.findall(r"([TSP]):((?:\\.|[^\\;])*)(?:;|$)", body[1]))
    plain = {key: re.sub(r"\\(.)", r"\1", value) for key, value in parts.items()}
    return plain["T"], plain["S"], plain.get("P", "")


@given(name=st.text(NAMES, min_size=1, max_size=32), password=st.text(PRINTABLE, min_size=8, max_size=63))
def test_a_phone_reads_back_what_was_put_in(name: str, password: str) -> None:
    assume(fits(name, password))
    assert read(wifi_qr.text(name, password)) == ("WPA", name, password)


def test_a_reader_of_another_make_sees_the_network() -> None:
    text = wifi_qr.text("Lantern Stall", r'pa;per, "boats": \47')
    code = QRCode()
    code.add_data(text)
    rows = code.get_matrix()
    picture = Image.new("L", (len(rows), len(rows)), 255)
    picture.putdata([0 if cell else 255 for row in rows for cell in row])
    (seen,) = zxingcpp.read_barcodes(picture.resize((len(rows) * 4,) * 2, Image.Resampling.NEAREST))
    assert seen.text == text == r"WIFI:T:WPA;S:Lantern Stall;P:pa\;per\, \"boats\"\: \\47;;"


def test_an_open_network_has_no_password() -> None:
    assert wifi_qr.text("Lantern Stall", "") == "WIFI:T:nopass;S:Lantern Stall;;"


@pytest.mark.parametrize(
    "name", ["", " Stall", "Stall ", "Mary’s", "Mary's", "Ställ", "a" * 33, "cafe", "2026", "-stall", "a;b", "a\nb"]
)
def test_a_name_some_phone_stumbles_over_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        wifi_qr.text(name, "paper boats 47")
    assert refused.value.code == "wifi-name-unfit"


@pytest.mark.parametrize(
    "password", ["short12", "a" * 63 + "bc", "0123456789abcdef", "pässword", " eightchars", "eightchars ", "a\tbcdefgh"]
)
def test_a_password_some_phone_stumbles_over_is_refused(password: str) -> None:
    with pytest.raises(Refused) as refused:
        wifi_qr.text("Lantern Stall", password)
    assert refused.value.code == "wifi-password-unfit"


def test_the_longest_and_shortest_are_taken() -> None:
    assert fits("S", "x" * 8)
    assert fits("S" * 32, "x" * 63)
