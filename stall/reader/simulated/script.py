"""`--script FILE`: what happens to which transaction, and the terminal's habits, read strictly from TOML.

    [terminal]                       # habits; all may be left out
    tid = "52000017"                 # of new books
    password = "000000"
    auto_reversal = "reverse"        # an approval nobody answers: "reverse", "keep", or "decline"
    next_receipt = 9998              # the number after 9999 is `wrap`, 1 or 0
    wrap = 1
    reset_receipts = false           # true: the numbers begin anew after each end of day
    charset = "latin1"               # announced with the registration; or "cp437"; else nothing is announced
    day_end_required = false         # true: no payment before an end of day
    offline_declined = 0             # how many offline approvals the bank declines when they are cleared

    [[payment]]                      # in this order, one for each `06 01`; then payments are approved
    fault = "lost-ack"               # a name of the table; "approve" when left out
    repeat = 1                       # so many payments
    times = 2                        # 1 to 9; of lost-ack, late-ack, naks, bad-crc, duplicate
    at = "status"                    # of faults of the line: "command", "status" (04 0F), "completion" (06 0F)
    code = 5                         # of decline: the result code
    sale_before = 250                # sold on the terminal itself before, and after; minor units
    sale_after = 0

    [[command]]                      # what happens to the other commands
    name = "repeat-receipt"          # see NAMES
    fault = "busy"                   # see COMMAND_FAULTS; of reversal and refund a fault of payments
    after = 0                        # leave so many alone first
    times = 1                        # then so often, 0: always
    code = 0x83

    [random]                         # instead of approving when no [[payment]] is left
    seed = 7
    faults = { approve = 5, "lost-ack" = 1 }   # weights

How far a script has got stands in the terminal's books: a terminal that is started again with the same script goes
on, one that is started with another begins that one. Habits are set when a script is begun.
"""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from stall.errors import Refused
from stall.reader.simulated.controls import Mode
from stall.reader.simulated.fate import At, Fate
from stall.reader.simulated.faults import CommandFault

Reversal = Literal["reverse", "keep", "decline"]
"""What an unanswered approval becomes: taken back; booked all the same; declined, as if the bank had said no."""
Charset = Literal["cp437", "latin1"]
Name = Literal[
    "registration", "log-off", "status", "repeat-receipt", "end-of-day", "totals", "send-offline", "diagnosis",
    "reset", "reversal", "refund",
]  # fmt: skip
NAMES: tuple[Name, ...] = get_args(Name)
"""The commands a script may disturb."""
CHARGING: frozenset[Name] = frozenset({"reversal", "refund"})
"""Those that go like a payment, with a payment's faults."""

_Count = Annotated[int, Meta(ge=0, le=1_000_000)]
_Minor = Annotated[int, Meta(ge=0, le=99_999_999)]
_Times = Annotated[int, Meta(ge=1, le=9)]
_Byte = Annotated[int, Meta(ge=1, le=255)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the script's tables."""


class TerminalHabits(_Table, frozen=True):
    """`[terminal]`: None leaves the books as they are."""

    tid: Annotated[str, Meta(pattern="^[0-9]{8}$")] | None = None
    password: Annotated[str, Meta(pattern="^[0-9]{6}$")] | None = None
    auto_reversal: Reversal | None = None
    next_receipt: Annotated[int, Meta(ge=0, le=9999)] | None = None
    wrap: Literal[0, 1] | None = None
    reset_receipts: bool = False
    charset: Charset | None = None
    day_end_required: bool | None = None
    offline_declined: _Count = 0

    def __post_init__(self) -> None:
        """Refuse a first number that the terminal never gives."""
        if self.next_receipt == 0 and self.wrap != 0:
            raise ValueError("next_receipt 0 needs wrap 0")


class PaymentRow(_Table, frozen=True):
    """`[[payment]]`."""

    fault: Mode = Mode.APPROVE
    repeat: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    times: _Times = 1
    at: At = At.STATUS
    code: _Byte = 0x05
    sale_before: _Minor = 0
    sale_after: _Minor = 0

    @property
    def fate(self) -> Fate:
        """The same for one payment."""
        return Fate(self.fault, self.times, self.at, self.code, self.sale_before, self.sale_after)


class CommandRow(_Table, frozen=True):
    """`[[command]]`."""

    name: Name
    fault: str
    after: _Count = 0
    times: _Count = 1
    code: _Byte = 0x83

    def __post_init__(self) -> None:
        """Refuse a fault that this command does not know."""
        known = set(Mode) if self.name in CHARGING else set(CommandFault)
        if self.fault not in known:
            raise ValueError(f"the command {self.name!r} has no fault {self.fault!r}")

    def strikes(self, number: int) -> bool:
        """Whether it happens to the command with this number, from 0."""
        return self.after <= number and (self.times == 0 or number < self.after + self.times)


class RandomMode(_Table, frozen=True):
    """`[random]`: the same seed and number give the same fault, in whichever process."""

    seed: int
    faults: dict[Mode, Annotated[int, Meta(ge=1, le=1_000_000)]]

    def __post_init__(self) -> None:
        """Refuse an empty table."""
        if not self.faults:
            raise ValueError("the faults of [random] are empty")

    def mode(self, number: int) -> Mode:
        """What happens to the transaction with this number."""
        chance = random.Random(f"{self.seed} {number}")  # noqa: S311 - dice for faults, not a secret
        return chance.choices([*self.faults], [*self.faults.values()])[0]


class Script(_Table, frozen=True):
    """One whole file; `digest` tells one from another."""

    terminal: TerminalHabits = TerminalHabits()
    payment: tuple[PaymentRow, ...] = ()
    command: tuple[CommandRow, ...] = ()
    random: RandomMode | None = None

    @property
    def digest(self) -> str:
        """Scripts that say the same have the same."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def payment_fate(self, number: int) -> Fate:
        """What happens to the payment with this number, from 0."""
        left = number
        for row in self.payment:
            if left < row.repeat:
                return row.fate
            left -= row.repeat
        return Fate() if self.random is None else Fate(self.random.mode(number))

    def command_row(self, name: Name, number: int) -> CommandRow | None:
        """What happens to the command of this name with this number, from 0."""
        return next((row for row in self.command if row.name == name and row.strikes(number)), None)


def load(path: Path) -> Script:
    """Read a script. Raises Refused `simulator-script`, naming what is wrong."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Script)
    except OSError as error:
        raise Refused("simulator-script", f"The script {path} cannot be read ({error.strerror}).") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
        raise Refused("simulator-script", f"The script {path} is not right: {error}. Mend that line.") from error
