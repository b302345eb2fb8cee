"""From a terminal's status information to the facts the journal keeps."""

from __future__ import annotations

from stall.flows.card_attempt import TerminalFacts
from stall.reader.terminal import StatusInformation


def facts_of(info: StatusInformation, amount_minor: int) -> TerminalFacts:
    """Keep what finds the payment in the terminal's papers, and at most four digits of the card."""
    return TerminalFacts(
        amount_minor=amount_minor if info.amount_minor is None else info.amount_minor,
        tid=info.tid,
        receipt_no=info.receipt_no,
        trace=info.trace,
        auth_code=info.auth_code,
        scheme=info.card_name,
        last4=info.last4,
        offline={"offline": True, "online": False}.get(info.online),
    )
