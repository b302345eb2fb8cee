"""Voids: a sale that is taken back whole or in part, the free one too."""

from __future__ import annotations

from stall.wire import receipt
from tests.wire.takebacks import CASH, GIFT, document, make

DOCUMENT = document(
    receipt.VOID,
    receipt.REFUND,
    good=[make(**GIFT)],
    bad=("nothing given back, but no free tender", "receipt-free", make(**{**GIFT, "pay": [{**CASH, "minor": 0}]})),
)
