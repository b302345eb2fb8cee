"""The small QR code of an order, module by module as the library draws it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qrcode import constants
from qrcode.main import QRCode
from qrcode.util import QRData

from stall.domain import basket
from stall.errors import LocalWireError
from stall.wire import small_qr

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@given(st.text(LETTERS, min_size=1, max_size=small_qr.LONGEST))
def test_it_is_the_code_that_the_library_draws(text: str) -> None:
    theirs = QRCode(version=1, error_correction=constants.ERROR_CORRECT_M, border=0, mask_pattern=0)
    theirs.add_data(QRData(text, mode=2))  # letters and digits
    theirs.make(fit=False)
    assert small_qr.rows(text) == [[bool(cell) for cell in row] for row in theirs.get_matrix()]


@pytest.mark.parametrize("text", ["k7qm", "A" * 21, "Ä", "A_B"])
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(LocalWireError, match="qr-not-small"):
        small_qr.rows(text)


def test_every_letter_of_a_basket_code_fits() -> None:
    assert set(basket.ALPHABET) <= set(LETTERS)
