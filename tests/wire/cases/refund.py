"""Refunds: what is given back, and of which receipt."""

from __future__ import annotations

from stall.wire import receipt
from tests.wire.takebacks import GIFT, document, make

DOCUMENT = document(receipt.REFUND, receipt.VOID, good=[], bad=("nothing given back", "refund-nothing", make(**GIFT)))
