"""However a terminal spells a card number, no text and no trace of it has more than its last four digits."""

from __future__ import annotations

import pytest

from stall.wire.readers import zvt
from stall.wire.readers import zvt_fields as fields

NUMBER = "4929137508627411"
SPELT = [
    NUMBER,
    "4929 1375 0862 7411",
    "4929-1375-0862-7411",
    "4929.1375.0862.7411",
    "4929/1375/0862/7411",
    "4929  1375  0862  7411",
    "4929\x001375\x000862\x007411",
    "4929\xa01375\xa00862\xa07411",
    "492913750862XXXX",
    "492913******7411",
    "492913 ## #### 7411",
    "XXXX XXXX 0862 7411",
    "00000000000000" + NUMBER,
    NUMBER + "/3109",
]


@pytest.mark.parametrize("spelt", SPELT)
def test_a_card_number_spelt_in_a_text_is_starred(spelt: str) -> None:
    shown = fields.text(f"Karte {spelt} bitte".encode("latin-1"), "latin-1")
    assert shown is not None
    assert set(shown.removeprefix("Karte ").removesuffix(" bitte")) == {"*"}


@pytest.mark.parametrize("plain", ["GEN.NR.:291675", "Hotline 069 7933 2222", "12:03 28.11.2026 12,50 EUR", "*** 7411"])
def test_other_numbers_can_still_be_read(plain: str) -> None:
    assert fields.text(plain.encode()) == plain


def test_a_makers_code_too_long_to_be_one_is_neither_read_nor_traced() -> None:
    for code, kept in (("0177", True), (NUMBER, False)):
        tree = fields.tlv(0x1F16, bytes.fromhex(code))
        unit = zvt.commands.unit(0x061E, b"\x6c" + fields.container(tree))
        assert zvt.parse_apdu(unit) == zvt.Abort(0x6C, code if kept else None)
        assert (bytes.fromhex(code) in zvt.redact(unit)) is kept
