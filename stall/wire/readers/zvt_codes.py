"""What the numbers of a ZVT terminal mean, in words for the operator and for the buyer. Tables only.

Result codes stand in BMP 27, in `06 1E` and in `84 xx`; 01 to 63 are codes of the card's host (decimal
1 to 99). Intermediate codes stand in `04 FF`, status codes in the answer to a status enquiry
(PA00P015 rev. 13.08, chapters on error messages and intermediate status). A buyer never reads "paid" or
"pay otherwise" for an intermediate step: what becomes of the payment is said by its end alone.
"""

from __future__ import annotations

from dataclasses import dataclass

APPROVED = 0x00
CANCELLED = 0x6C
WRONG_CURRENCY = 0x6F
COMMUNICATION_ERROR = 0x7D
NOT_POSSIBLE = 0x83
PLEASE_WAIT = 0x9C
END_OF_DAY_NOT_POSSIBLE = 0x77
ALREADY_REVERSED = 0xB4
REVERSAL_NOT_POSSIBLE = 0xB5
AMOUNT_WRONG = 0xB7
LAST_HOST_CODE = 0x63
DIAGNOSIS_REQUIRED = 0xC2
NO_CODE_GIVEN = 0xFF

STATUS_READY = 0x00
RECONCILIATION_REQUIRED = 0xF0

AUTO_REVERSAL = 0x05
INSERT_CARD = 0x0A
WAITING_FOR_HOST = 0x04
WRONG_PIN = 0x15
SHOWN_APPROVED = 0x1C
SHOWN_DECLINED = 0x1D
TEXT_FOLLOWS = 0xFF
REMOVE_CARD = 0x0B
_REMOVE_CARD_TOO, _LAST_REMOVE_CARD_TOO = 0x40, 0x7F


@dataclass(frozen=True, slots=True)
class Words:
    """One meaning, said to the person at the till and to the person with the card."""

    operator: str
    buyer: str


_OTHER_CARD = "This card did not work. Please use another card or pay cash."
_NOTHING_TAKEN = "Nothing was charged. Please ask at the stall."
_CARD_FAILED = "This card did not work. Please look at the terminal."
_TRY_AGAIN = "The card could not be read. Please try again."
_WAIT = "Please wait."
_LOOK = "Please look at the terminal."
_NO_CARDS = "The card terminal is not ready. Please pay cash or ask at the stall."

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
    0x64: Words("The card could not be read.", _TRY_AGAIN),
    0x65: Words("No card data arrived.", _TRY_AGAIN),
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
    0x73: Words("The card data are wrong.", _OTHER_CARD),
    0x74: Words("The terminal's keys are used up. Call its supplier.", _NOTHING_TAKEN),
    0x75: Words("The terminal does not trust a text. Call its supplier.", _NOTHING_TAKEN),
    0x76: Words("The card is not on the terminal's list.", _OTHER_CARD),
    0x77: Words("The day cannot be closed now.", _NOTHING_TAKEN),
    0x78: Words("The card has expired.", "This card has expired. Please use another one."),
    0x79: Words("The card is not valid yet.", _OTHER_CARD),
    0x7A: Words("The terminal does not know this card.", _OTHER_CARD),
    0x7B: Words("The magnetic stripe may not be used for this debit card.", _OTHER_CARD),
    0x7C: Words("The magnetic stripe may not be used for this card.", _OTHER_CARD),
    0x7D: Words("The terminal could not reach its host.", _NOTHING_TAKEN),
    0x7E: Words("The magnetic stripe may not be used; the terminal offers a direct debit.", _OTHER_CARD),
    0x83: Words("The terminal cannot do that now.", _NOTHING_TAKEN),
    0x85: Words("A key is missing in the terminal. Call its supplier.", _NOTHING_TAKEN),
    0x89: Words("The PIN pad is faulty.", _NOTHING_TAKEN),
    0x9A: Words("The terminal did not understand the till.", _NOTHING_TAKEN),
    0x9B: Words("The terminal could not dial its host.", _NOTHING_TAKEN),
    0x9C: Words("The terminal is busy. Try again in a moment.", "Please wait."),
    0xA0: Words("The other side is not ready to receive.", _NOTHING_TAKEN),
    0xA1: Words("The host does not answer.", _NOTHING_TAKEN),
    0xA3: Words("The terminal has no connection.", _NOTHING_TAKEN),
    0xA4: Words("The prepaid payments could not be sent in.", _NOTHING_TAKEN),
    0xA5: Words("The rules of the card schemes do not allow that.", _NOTHING_TAKEN),
    0xB1: Words("The terminal's memory is full.", _NOTHING_TAKEN),
    0xB2: Words("The terminal's journal is full.", _NOTHING_TAKEN),
    0xB4: Words("This payment was reversed before.", "This payment was taken back."),
    0xB5: Words("This payment cannot be reversed.", _NOTHING_TAKEN),
    0xB7: Words("The amount does not match.", _NOTHING_TAKEN),
    0xB8: Words("The reservation is not possible.", _NOTHING_TAKEN),
    0xBF: Words("The terminal's power supply is too weak.", _NOTHING_TAKEN),
    0xC0: Words("The card lock of the terminal is faulty.", _NOTHING_TAKEN),
    0xC1: Words("The merchant card is locked.", _NOTHING_TAKEN),
    0xC2: Words("The terminal wants a diagnosis run.", _NOTHING_TAKEN),
    0xC3: Words("The amount is above the terminal's limit.", _NOTHING_TAKEN),
    0xC4: Words("The terminal needs new card profiles. Run a diagnosis.", _NOTHING_TAKEN),
    0xC5: Words("This way of paying is not set up on the terminal.", _OTHER_CARD),
    0xC6: Words("This currency is not set up on the terminal.", _NOTHING_TAKEN),
    0xC8: Words("The amount is too small for the terminal.", _NOTHING_TAKEN),
    0xC9: Words("The terminal's highest amount is too small.", _NOTHING_TAKEN),
    0xCB: Words("The terminal does that in euro only.", _NOTHING_TAKEN),
    0xCC: Words("The terminal's printer is not ready. Check the paper.", _NOTHING_TAKEN),
    0xCD: Words("Cash with the payment is not possible.", _NOTHING_TAKEN),
    0xD2: Words("Not allowed for this customer card.", _OTHER_CARD),
    0xDC: Words("A card is still in the terminal.", "Please take your card."),
    0xDD: Words("The terminal could not give the card back.", _NOTHING_TAKEN),
    0xDE: Words("The terminal could not draw the card in.", _TRY_AGAIN),
    0xDF: Words("The terminal is out of order.", _NOTHING_TAKEN),
    0xE0: Words("The terminal is under remote maintenance.", _NOTHING_TAKEN),
    0xE1: Words("A card was not taken out of the terminal.", "Please take your card."),
    0xE2: Words("The card reader does not answer.", _NOTHING_TAKEN),
    0xE3: Words("The terminal's shutter is closed.", _NOTHING_TAKEN),
    0xE4: Words("The terminal must be activated by its supplier.", _NOTHING_TAKEN),
    0xE7: Words("A group of goods is unknown to the terminal.", _NOTHING_TAKEN),
    0xE8: Words("The terminal has no table of goods.", _NOTHING_TAKEN),
    0xE9: Words("The card's restriction does not allow this.", _OTHER_CARD),
    0xEA: Words("This kind of card is not set up on the terminal. Run a diagnosis.", _OTHER_CARD),
    0xEB: Words("The terminal does not know how to check this PIN.", _OTHER_CARD),
    0xEC: Words("The terminal cannot take a PIN.", _OTHER_CARD),
    0xED: Words("The PIN pad is faulty.", _NOTHING_TAKEN),
    0xF0: Words("An earlier day is still open. Close it first.", _NOTHING_TAKEN),
    0xF1: Words("The debit card could not be taken without the bank.", _OTHER_CARD),
    0xF5: Words("The terminal could not be personalised. Call its supplier.", _NOTHING_TAKEN),
    0xF6: Words("The terminal must be personalised by its supplier.", _NOTHING_TAKEN),
    0xFA: Words("Offline payments could not be sent in.", _NOTHING_TAKEN),
    0xFB: Words("A payment in the terminal's memory is damaged. Call its supplier.", _NOTHING_TAKEN),
    0xFC: Words("A part of the terminal is missing or faulty.", _NOTHING_TAKEN),
    0xFD: Words("The terminal does not know this line speed.", _NOTHING_TAKEN),
    0xFE: Words("The terminal does not know this register.", _NOTHING_TAKEN),
    0xFF: Words("System error in the terminal.", _NOTHING_TAKEN),
}

STEPS: dict[int, Words] = {
    0x00: Words("Please confirm the amount on the terminal.", "Please confirm the amount on the terminal."),
    0x01: Words("Look at the PIN pad.", _LOOK),
    0x02: Words("Look at the PIN pad.", _LOOK),
    0x03: Words("Not accepted.", _LOOK),
    0x04: Words("Asking the bank.", _WAIT),
    0x05: Words("The terminal is taking the payment back.", _WAIT),
    0x06: Words("The terminal is sending in earlier payments.", _WAIT),
    0x07: Words("This card is not allowed.", _CARD_FAILED),
    0x08: Words("The card is not known.", _CARD_FAILED),
    0x09: Words("The card has expired.", "This card has expired. Please look at the terminal."),
    0x0A: Words("Waiting for the card.", "Please present your card."),
    0x0B: Words("Please take the card out.", "Please take your card."),
    0x0C: Words("The card could not be read.", _TRY_AGAIN),
    0x0D: Words("The terminal could not process that.", _LOOK),
    0x0E: Words("Please wait.", _WAIT),
    0x0F: Words("The terminal is closing its day by itself.", _WAIT),
    0x10: Words("The card is not valid.", _CARD_FAILED),
    0x11: Words("The terminal shows a balance.", _LOOK),
    0x12: Words("Fault in the terminal.", _LOOK),
    0x13: Words("The payment is not possible.", _LOOK),
    0x14: Words("Not enough credit on the card.", _CARD_FAILED),
    0x15: Words("Wrong PIN.", "Wrong PIN. Please try again."),
    0x16: Words("The limit of the card is reached.", "The limit of this card is reached."),
    0x17: Words("Please wait.", _WAIT),
    0x18: Words("Too many wrong PINs.", "Too many wrong PINs. Please look at the terminal."),
    0x19: Words("The card data are wrong.", _CARD_FAILED),
    0x1A: Words("The terminal is in service mode.", _WAIT),
    0x1B: Words("Approved.", _WAIT),
    0x1C: Words("Approved.", _WAIT),
    0x1D: Words("Declined.", _LOOK),
    0x26: Words("The terminal asks for a telephone number.", _LOOK),
    0x27: Words("The terminal asks for the telephone number again.", _LOOK),
    0x28: Words("The currency is being chosen.", _LOOK),
    0x29: Words("The language is being chosen.", _LOOK),
    0x2A: Words("Waiting for the card to be charged up.", "Please insert your card."),
    0x2B: Words("Approved without the bank, for later clearing.", _WAIT),
    0x2C: Words("Debit or credit is being chosen.", _LOOK),
    0x68: Words("The terminal has found a customer card.", _WAIT),
    0x69: Words("The buyer chooses the currency.", "Please choose the currency on the terminal."),
    0xC7: Words("The terminal asks for a mileage.", _LOOK),
    0xC8: Words("Waiting for the till.", _WAIT),
    0xC9: Words("The terminal runs a diagnosis.", _WAIT),
    0xCA: Words("The terminal initialises itself.", _WAIT),
    0xCB: Words("The terminal's journal is full. Close the day on the terminal.", _WAIT),
    0xCC: Words("A direct debit is not possible; the PIN is needed.", "Please enter your PIN."),
    0xD2: Words("Connecting.", _WAIT),
    0xD3: Words("Connected.", _WAIT),
    0xE0: Words("The kind of card is being chosen.", _LOOK),
    0xE1: Words("The language is being chosen.", _LOOK),
    0xE2: Words("The terminal wants its card reader cleaned.", _WAIT),
    0xF1: Words("The terminal is offline.", _WAIT),
    0xF2: Words("The terminal is online.", _WAIT),
    0xF3: Words("Payment without the bank.", _WAIT),
    0xFF: Words("See the terminal.", _LOOK),
}
"""Codes of `04 FF`. 41 to 7F mean the same as 40 less and "please take the card out", but 68 and 69."""

INTERMEDIATES: dict[int, str] = {code: words.operator for code, words in STEPS.items()}
"""STEPS as the operator reads them."""

READINESS: dict[int, Words] = {
    0x00: Words("The terminal is ready.", "You can pay by card."),
    0x51: Words("The terminal must be initialised.", _NO_CARDS),
    0x62: Words("The terminal's clock is wrong.", _NO_CARDS),
    0x9C: Words("The terminal is busy.", _WAIT),
    0x9D: Words("Only a part of the goods was handed out.", _NO_CARDS),
    0xB1: Words("The terminal's memory is full.", _NO_CARDS),
    0xB2: Words("The terminal's journal is full.", _NO_CARDS),
    0xBF: Words("The terminal's power supply is too weak.", _NO_CARDS),
    0xC0: Words("The card lock of the terminal is faulty.", _NO_CARDS),
    0xC1: Words("The merchant card is locked.", _NO_CARDS),
    0xC2: Words("The terminal wants a diagnosis run.", _NO_CARDS),
    0xC4: Words("The terminal needs new card profiles. Run a diagnosis.", _NO_CARDS),
    0xCC: Words("The terminal's printer is not ready.", _NO_CARDS),
    0xDC: Words("A card is in the terminal.", "Please take your card."),
    0xDF: Words("The terminal is out of order.", _NO_CARDS),
    0xE0: Words("The terminal is under remote maintenance.", _NO_CARDS),
    0xE1: Words("A card was not taken out of the terminal.", "Please take your card."),
    0xE2: Words("The card reader does not answer.", _NO_CARDS),
    0xE3: Words("The terminal's shutter is closed.", _NO_CARDS),
    0xE4: Words("The terminal must be activated by its supplier.", _NO_CARDS),
    0xF0: Words("The terminal wants its day closed.", _NO_CARDS),
    0xF6: Words("The terminal must be personalised by its supplier.", _NO_CARDS),
}
"""Status bytes that answer a status enquiry."""

STATUSES: dict[int, str] = {code: words.operator for code, words in READINESS.items()}
"""READINESS as the operator reads it."""


def result_words(code: int) -> Words:
    """Words for a result, abort or refusal code; a code nobody listed is said with its number."""
    if code in RESULTS:
        return RESULTS[code]
    if code <= LAST_HOST_CODE:
        return Words(f"Declined by the bank (code {code:02d}).", _OTHER_CARD)
    return Words(f"The terminal reports code {code:02X}.", _NOTHING_TAKEN)


def step_words(code: int, text: str | None = None) -> Words:
    """Words for a code of `04 FF`.

    `text` is the terminal's own (TLV 24/07). The operator reads it where FF says so or the code is unknown;
    the buyer is sent to the terminal instead, where it stands.
    """
    if code == TEXT_FOLLOWS and text:
        return Words(text, _LOOK)
    if code in STEPS:
        return STEPS[code]
    base = STEPS.get(code - _REMOVE_CARD_TOO) if code <= _LAST_REMOVE_CARD_TOO else None
    remove = STEPS[REMOVE_CARD]
    if base == remove:
        return remove
    if base is not None:
        return Words(f"{base.operator} {remove.operator}", f"{base.buyer} {remove.buyer}")
    return Words(text or f"The terminal reports step {code:02X}.", _LOOK)


def intermediate_words(code: int, text: str | None = None) -> str:
    """`step_words` for the operator."""
    return step_words(code, text).operator


def readiness_words(code: int) -> Words:
    """Words for the status byte of a status enquiry; other codes are read as results."""
    return READINESS.get(code) or Words(result_words(code).operator, _NO_CARDS)


def status_words(code: int) -> str:
    """`readiness_words` for the operator."""
    return readiness_words(code).operator
