"""From a ZVT terminal's status information (`04 0F`) to what every protocol tells."""

from __future__ import annotations

from stall.reader.told import Told
from stall.wire.readers.zvt import StatusInformation


def told_of(info: StatusInformation) -> Told:
    """The same in the words all protocols share."""
    return Told(
        approved=info.complete and info.result == 0 and info.amount_minor is not None,
        taken_back=info.original_trace is not None,
        amount_minor=info.amount_minor,
        currency=info.currency,
        tid=info.tid,
        receipt_no=info.receipt_no,
        trace=info.trace,
        auth_code=info.auth_code,
        scheme=info.card_name,
        last4=info.last4,
        original_trace=info.original_trace,
        at=None if info.date is None and info.time is None else f"{info.date or ''}{info.time or ''}",
        offline={"offline": True, "online": False}.get(info.online),
    )
