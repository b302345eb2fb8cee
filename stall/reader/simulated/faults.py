"""Everything that can go wrong with the simulated terminal, in words: one row for each, grouped for its page.

What a row does stands in `courses` (what the terminal says) or in `faulty_device` (what happens to the bytes).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stall.reader.simulated.controls import Mode


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: its group on the page, its name there, and what it does."""

    group: str
    label: str
    hint: str


_USUAL, _ODD, _NO, _WAIT, _GONE, _LINE = (
    "As usual", "Odd answers", "No before any card", "Waiting", "Cable and power", "The serial line",
)  # fmt: skip

FAULTS: dict[Mode, Fault] = {
    Mode.APPROVE: Fault(_USUAL, "Approve", "The bank says yes."),
    Mode.DECLINE: Fault(_USUAL, "Decline", "The bank says no."),
    Mode.WRONG_PIN: Fault(_USUAL, "Wrong PIN, then approve", "One note of a wrong PIN, then yes, in one transaction."),
    Mode.CANCELLED: Fault(_USUAL, "Buyer cancels", "The buyer presses the red key instead of holding a card to it."),
    Mode.OFFLINE: Fault(_USUAL, "Approve without the bank", "The terminal answers for the bank; cleared at the end of day."),
    Mode.WRONG_AMOUNT: Fault(_ODD, "Wrong amount", "It approves 1.00 more than it was asked for."),
    Mode.WRONG_CURRENCY: Fault(_ODD, "Wrong currency", "It approves the amount in another currency."),
    Mode.UNMASKED_CARD: Fault(_ODD, "Card number unmasked", "It approves and tells the whole number of the card."),
    Mode.LONG_TRACE: Fault(_ODD, "Long trace number", "It approves with a trace number of more than six digits."),
    Mode.STATUS_TWICE: Fault(_ODD, "Approve, said twice", "It says its approval again after it was answered."),
    Mode.COMPLETION_ONLY: Fault(_ODD, "End without a result", "It says that it is done and never whether it was paid."),
    Mode.TEXTS_CP437: Fault(_ODD, "Texts in CP437", "It approves and speaks with umlauts in CP437."),
    Mode.TEXTS_LATIN1: Fault(_ODD, "Texts in Latin-1", "It approves and speaks with umlauts in Latin-1."),
    Mode.PRINT_LINES: Fault(_ODD, "Slip sent to the till", "It sends its slip to the till line by line before it approves."),
    Mode.SET_CLOCK: Fault(_ODD, "Sets the till's clock", "It tells the till a time before it approves."),
    Mode.BUSY: Fault(_NO, "Busy", "It is busy with a job of its own and takes no payment."),
    Mode.NO_HOST: Fault(_NO, "No line to the bank", "It refuses the payment and names a communication error."),
    Mode.DAY_END_OPEN: Fault(_NO, "Wants its day closed", "It refuses the payment until the day was closed."),
    Mode.SILENT: Fault(_WAIT, "Silent", "It takes the command and says nothing more for a while."),
    Mode.LATE_ANSWER: Fault(_WAIT, "Late answer", "It answers the command only when the till has given up."),
    Mode.LONG_WAIT: Fault(_WAIT, "Long wait, announced", "It asks for more minutes, takes them, and approves."),
    Mode.HANG_UP_BEFORE: Fault(_GONE, "Hangs up before its approval", "The bank said yes; the till never hears of it."),
    Mode.HANG_UP_AFTER: Fault(_GONE, "Hangs up after its approval", "The till hears the approval; its answer is not heard."),
    Mode.VANISH: Fault(_GONE, "Approve, then vanish", "It books the payment and loses its cable before saying so."),
    Mode.POWER_OFF: Fault(_GONE, "Power fails", "It loses its power after the bank said yes, and starts again."),
    Mode.POWER_OFF_AFTER_YES: Fault(_GONE, "Power fails once booked", "It books the payment and loses its power before it acknowledges."),
    Mode.LOST_ACK: Fault(_LINE, "Acknowledgement lost", "It hears a block, and its acknowledgement is lost."),
    Mode.LATE_ACK: Fault(_LINE, "Acknowledgement late", "It acknowledges a block after the till sent it again."),
    Mode.NAKS: Fault(_LINE, "Block not understood", "A block of the till arrives damaged, and it asks for it again."),
    Mode.BAD_CRC: Fault(_LINE, "Wrong checksum", "A block of the terminal arrives damaged."),
    Mode.SPLIT: Fault(_LINE, "Byte by byte", "Everything it says arrives one byte at a time."),
    Mode.DUPLICATE: Fault(_LINE, "Block twice", "A block of the terminal arrives twice."),
}  # fmt: skip

LINE = frozenset(mode for mode, fault in FAULTS.items() if fault.group == _LINE)
"""What happens to bytes and not to the transaction. Over TCP only `split` and `duplicate` can happen."""


class CommandFault(StrEnum):
    """What may happen to a command that charges nothing."""

    BUSY = "busy"
    REFUSED = "refused"
    ABORTED = "aborted"
    SILENT = "silent"
    LATE_ANSWER = "late-answer"
    COMPLETION_ONLY = "completion-only"
    HANG_UP = "hang-up"


COMMAND_FAULTS: dict[CommandFault, str] = {
    CommandFault.BUSY: "It says that it is busy.",
    CommandFault.REFUSED: "It refuses the command, with `code`.",
    CommandFault.ABORTED: "It takes the command and breaks it off, with `code`.",
    CommandFault.SILENT: "It does not answer at all.",
    CommandFault.LATE_ANSWER: "It answers only when the till has given up.",
    CommandFault.COMPLETION_ONLY: "It takes the command and says that it is done, without the result.",
    CommandFault.HANG_UP: "It takes the command and loses its cable.",
}
