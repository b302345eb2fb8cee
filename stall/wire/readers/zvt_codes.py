"""What the numbers of a ZVT terminal mean, in words for the operator and for the buyer. Tables only.

Result codes stand in BMP 27, in `06 1E` and in `84 xx`; 01 to 63 are codes of the card's host (decimal
1 to 99). Intermediate codes stand in `04 FF`, status codes in the answer to a status enquiry
(PA00P015 rev. 13.08, chapters on error messages and intermediate status).
"""

from __future__ import annotations

from dataclasses import dataclass

APPROVED = 0x00
CANCELLED = 0x6C
WRONG_CURRENCY = 0x6F
NOT_POSSIBLE = 0x83
PLEASE_WAIT = 0x9C
END_OF_DAY_NOT_POSSIBLE = 0x77
ALREADY_REVERSED = 0xB4
REVERSAL_NOT_POSSIBLE = 0xB5
AMOUNT_WRONG = 0xB7
LAST_HOST_CODE = 0x63
NO_CODE_GIVEN = 0xFF

STATUS_READY = 0x00

AUTO_REVERSAL = 0x05
INSERT_CARD = 0x0A
WAITING_FOR_HOST = 0x04
WRONG_PIN = 0x15
SHOWN_APPROVED = 0x1C
SHOWN_DECLINED = 0x1D
TEXT_FOLLOWS = 0xFF
_REMOVE_CARD_TOO = 0x40


@dataclass(frozen=True, slots=True)
class Words:
    """One meaning, said to the person at the till and to the person with the card."""

    operator: str
    buyer: str


_OTHER_CARD = "This card did not work. Please use another card or pay cash."
_NOTHING_TAKEN = "Nothing was charged. Please ask at the stall."

RESULTS: dict[int, Words] = {
    0x00: Words("Approved.", "Paid."),
    0x02: Words("Declined: the bank wants to be called.", _OTHER_CARD),
    0x05: Words("Declined by the bank.", _OTHER_CARD),
    0x0C: Words("Declined: the bank does not allow this transaction.", _OTHER_CARD),
    0x0E: Words("Declined: the card number is not valid.", _OTHER_CARD),
    0x1E: Words("Declined: the host did not understand the request.", _NOTHING_TAKEN),
    0x21: Words("Declined: the card has expired.", "This card has expired. Please use another one."),
    0x33: Words("Declined: not enough money or limit reached.", "The limit of this card is reached."),
    0x36: Words("Declined: the card has expired.", "This card has expired. Please use another one."),
    0x37: Words("Wrong PIN.", "Wrong PIN. Please try again."),
    0x38: Words("Declined: the card is not known.", _OTHER_CARD),
    0x3A: Words("Declined: this terminal may not do that.", _NOTHING_TAKEN),
    0x3D: Words("Declined: amount limit exceeded.", "The limit of this card is reached."),
    0x3E: Words("Declined: the card is restricted.", _OTHER_CARD),
    0x41: Words("Declined: number of uses exceeded.", "Please insert the card and enter the PIN."),
    0x4B: Words("Declined: too many wrong PINs.", "Too many wrong PINs. Please use another card."),
    0x5B: Words("Declined: the card's bank cannot be reached.", _OTHER_CARD),
    0x60: Words("Declined: fault at the host.", _NOTHING_TAKEN),
    0x64: Words("The card could not be read.", "The card could not be read. Please try again."),
    0x65: Words("No card data arrived.", "The card could not be read. Please try again."),
    0x66: Words("The terminal could not process the payment.", _NOTHING_TAKEN),
    0x67: Words("Not allowed for this debit card.", _OTHER_CARD),
    0x68: Words("Not allowed for this credit card.", _OTHER_CARD),
    0x6A: Words("The terminal's memory is full. Close the day on the terminal.", _NOTHING_TAKEN),
    0x6B: Words("The terminal is not registered.", _NOTHING_TAKEN),
    0x6C: Words("Cancelled, or nobody presented a card in time.", "Cancelled. Nothing was charged."),
    0x6E: Words("The card is blocked.", _OTHER_CARD),
    0x6F: Words("Wrong currency for this terminal.", _NOTHING_TAKEN),
    0x71: Words("Not enough credit on the card.", _OTHER_CARD),
    0x72: Words("The card's chip is faulty.", _OTHER_CARD),
    0x77: Words("The day cannot be closed now.", _NOTHING_TAKEN),
    0x78: Words("The card has expired.", "This card has expired. Please use another one."),
    0x79: Words("The card is not valid yet.", _OTHER_CARD),
    0x7A: Words("The terminal does not know this card.", _OTHER_CARD),
    0x7D: Words("The terminal could not reach its host.", _NOTHING_TAKEN),
    0x83: Words("The terminal cannot do that now.", _NOTHING_TAKEN),
    0x9A: Words("The terminal did not understand the till.", _NOTHING_TAKEN),
    0x9B: Words("The terminal could not dial its host.", _NOTHING_TAKEN),
    0x9C: Words("The terminal is busy. Try again in a moment.", "Please wait."),
    0xA1: Words("The host does not answer.", _NOTHING_TAKEN),
    0xA3: Words("The terminal has no connection.", _NOTHING_TAKEN),
    0xB1: Words("The terminal's memory is full.", _NOTHING_TAKEN),
    0xB2: Words("The terminal's journal is full.", _NOTHING_TAKEN),
    0xB4: Words("This payment was reversed before.", "This payment was taken back."),
    0xB5: Words("This payment cannot be reversed.", _NOTHING_TAKEN),
    0xB7: Words("The amount does not match.", _NOTHING_TAKEN),
    0xC2: Words("The terminal wants a diagnosis run.", _NOTHING_TAKEN),
    0xC3: Words("The amount is above the terminal's limit.", _NOTHING_TAKEN),
    0xC5: Words("This way of paying is not set up on the terminal.", _OTHER_CARD),
    0xC6: Words("This currency is not set up on the terminal.", _NOTHING_TAKEN),
    0xC8: Words("The amount is too small for the terminal.", _NOTHING_TAKEN),
    0xCC: Words("The terminal's printer is not ready. Check the paper.", _NOTHING_TAKEN),
    0xDC: Words("A card is still in the terminal.", "Please take your card."),
    0xE2: Words("The card reader does not answer.", _NOTHING_TAKEN),
    0xE4: Words("The terminal must be activated by its supplier.", _NOTHING_TAKEN),
    0xF0: Words("An earlier day is still open. Close it first.", _NOTHING_TAKEN),
    0xFA: Words("Offline payments could not be sent in.", _NOTHING_TAKEN),
    0xFF: Words("System error in the terminal.", _NOTHING_TAKEN),
}

INTERMEDIATES: dict[int, str] = {
    0x00: "Please confirm the amount on the terminal.",
    0x01: "Look at the PIN pad.",
    0x02: "Look at the PIN pad.",
    0x03: "Not accepted.",
    0x04: "Asking the bank.",
    0x05: "The terminal is taking the payment back.",
    0x06: "The terminal is sending in earlier payments.",
    0x07: "This card is not allowed.",
    0x08: "The card is not known.",
    0x09: "The card has expired.",
    0x0A: "Waiting for the card.",
    0x0B: "Please take the card out.",
    0x0C: "The card could not be read.",
    0x0D: "The payment was broken off.",
    0x0E: "Please wait.",
    0x12: "The PIN pad is being set up.",
    0x15: "Wrong PIN.",
    0x17: "Please wait.",
    0x18: "Too many wrong PINs.",
    0x19: "The card data are wrong.",
    0x1C: "Approved.",
    0x1D: "Declined.",
    0x2B: "Approved without the bank, for later clearing.",
    0xC7: "The limit of the card is reached.",
    0xC8: "Waiting for the till.",
    0xC9: "The terminal runs a diagnosis.",
    0xD2: "Connecting.",
    0xD3: "Connected.",
    0xF1: "The terminal is offline.",
    0xF2: "The terminal is online.",
    0xF3: "Payment without the bank.",
    0xFF: "See the terminal.",
}

STATUSES: dict[int, str] = {
    0x00: "The terminal is ready.",
    0x51: "The terminal must be initialised.",
    0x62: "The terminal's clock is wrong.",
    0x9C: "The terminal is busy.",
    0xB1: "The terminal's memory is full.",
    0xB2: "The terminal's journal is full.",
    0xC2: "The terminal wants a diagnosis run.",
    0xCC: "The terminal's printer is not ready.",
    0xDC: "A card is in the terminal.",
    0xDF: "The terminal is out of order.",
    0xE1: "A card was not taken out of the terminal.",
    0xF0: "The terminal wants its day closed.",
}


def result_words(code: int) -> Words:
    """Words for a result, abort or refusal code; a code nobody listed is said with its number."""
    if code in RESULTS:
        return RESULTS[code]
    if code <= LAST_HOST_CODE:
        return Words(f"Declined by the bank (code {code:02d}).", _OTHER_CARD)
    return Words(f"The terminal reports code {code:02X}.", _NOTHING_TAKEN)


def intermediate_words(code: int, text: str | None = None) -> str:
    """Words for a code of `04 FF`; `text` is the terminal's own (TLV 24/07) and wins where FF says so."""
    if code == TEXT_FOLLOWS and text:
        return text
    if code in INTERMEDIATES:
        return INTERMEDIATES[code]
    base = INTERMEDIATES.get(code - _REMOVE_CARD_TOO)
    if base is not None:
        return f"{base} Please take the card out."
    return text or f"The terminal reports step {code:02X}."


def status_words(code: int) -> str:
    """Words for the status byte of a status enquiry; other codes are read as results."""
    return STATUSES.get(code) or result_words(code).operator
