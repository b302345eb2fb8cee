"""How a printer says it stands (DLE EOT, GS r), and what to tell a person of it. Bytes in, one sentence out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Ask for the printer, the cause of being offline, and the paper; answered at once, whatever is being printed.
ASK = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04")

#: In each answer to DLE EOT bits 1 and 4 are set and bits 0 and 7 are not; in that to GS r bit 4 is not.
_FIXED, _FIXED_VALUE = 0x93, 0x12
_ECHO_BITS = 0x90
_OFFLINE = 0x08
_COVER_OPEN, _FEEDING, _PAPER_STOPPED, _ERROR = 0x04, 0x08, 0x20, 0x40
_PAPER_LOW, _PAPER_OUT = 0x0C, 0x60


@dataclass(frozen=True, slots=True)
class Seen:
    """How the printer stands: whether it can print, and a sentence that says what to do where it cannot, or soon cannot."""

    ready: bool
    code: str
    sentence: str


READY = Seen(True, "printer-ready", "The printer is ready.")
SILENT = Seen(True, "printer-silent", "The printer is connected. It does not tell how it stands.")
LOW = Seen(
    True, "printer-paper-low", "The printer is ready, and its roll is nearly at its end. Have a new one at hand."
)
NO_PAPER = Seen(
    False,
    "printer-no-paper",
    "The printer is out of paper. Put in a new roll and close the cover; what waits is printed then.",
)
COVER = Seen(False, "printer-cover-open", "The printer's cover is open. Close it; what waits is printed then.")
FEEDING = Seen(
    False, "printer-feeding", "Somebody holds the printer's feed button. Let it go; what waits is printed then."
)
FAULT = Seen(
    False,
    "printer-fault",
    "The printer reports a fault of its own, often a jammed knife or a hot head. Switch it off and on again.",
)
OFFLINE = Seen(
    False,
    "printer-offline",
    "The printer is switched to offline. Press its feed button, or switch it off and on again.",
)


def is_status(byte: int) -> bool:
    """Whether a byte is an answer to DLE EOT."""
    return byte & _FIXED == _FIXED_VALUE


def is_echo(byte: int) -> bool:
    """Whether a byte is an answer to GS r, so that everything sent before it was printed."""
    return byte & _ECHO_BITS == 0


def seen(answers: Sequence[int]) -> Seen:
    """What the answers to ASK mean together, in its order; a printer may answer only the first."""
    printer, cause, paper = (*answers, 0, 0)[: len(ASK)]
    if cause & _COVER_OPEN:
        return COVER
    if paper & _PAPER_OUT or cause & _PAPER_STOPPED:
        return NO_PAPER
    if cause & _ERROR:
        return FAULT
    if cause & _FEEDING:
        return FEEDING
    if printer & _OFFLINE:
        return OFFLINE
    return LOW if paper & _PAPER_LOW else READY
