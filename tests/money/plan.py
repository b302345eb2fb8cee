"""What happens in one run, all of it out of one seed: the terminals, their faults, what is wanted and how it is pressed.

What cannot be decided beforehand is which thread or process gets there first.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from stall.reader.simulated.controls import Mode
from stall.reader.simulated.fate import At
from stall.reader.simulated.faults import LINE, CommandFault
from stall.reader.simulated.script import Name, Script
from tests.faults import stocked

#: How often a payment meets which fault, of a hundred and some. Those that take minutes are rare: at a fiftieth, seconds.
FAULTS: Mapping[Mode, int] = {
    Mode.APPROVE: 34, Mode.DECLINE: 5, Mode.WRONG_PIN: 4, Mode.CANCELLED: 3, Mode.OFFLINE: 3, Mode.WRONG_AMOUNT: 2,
    Mode.WRONG_CURRENCY: 1, Mode.UNMASKED_CARD: 1, Mode.LONG_TRACE: 1, Mode.STATUS_TWICE: 3, Mode.COMPLETION_ONLY: 3,
    Mode.TEXTS_CP437: 1, Mode.TEXTS_LATIN1: 1, Mode.PRINT_LINES: 1, Mode.SET_CLOCK: 1, Mode.BUSY: 2, Mode.NO_HOST: 1,
    Mode.DAY_END_OPEN: 1, Mode.SILENT: 1, Mode.LATE_ANSWER: 2, Mode.LONG_WAIT: 1, Mode.HANG_UP_BEFORE: 3,
    Mode.HANG_UP_AFTER: 4, Mode.VANISH: 4, Mode.POWER_OFF: 2, Mode.POWER_OFF_AFTER_YES: 4, Mode.LOST_ACK: 4,
    Mode.LATE_ACK: 3, Mode.NAKS: 2, Mode.BAD_CRC: 2, Mode.SPLIT: 2, Mode.DUPLICATE: 2,
}  # fmt: skip
#: What may go wrong with a reversal or a refund.
BACK_FAULTS = (
    Mode.DECLINE,
    Mode.HANG_UP_BEFORE,
    Mode.HANG_UP_AFTER,
    Mode.VANISH,
    Mode.POWER_OFF_AFTER_YES,
    Mode.LOST_ACK,
)
#: Commands that charge nothing and are disturbed, and how. The end of a day is cut off by kills besides.
DISTURBED: Mapping[Name, tuple[CommandFault, ...]] = {
    "repeat-receipt": (CommandFault.BUSY, CommandFault.SILENT, CommandFault.COMPLETION_ONLY, CommandFault.HANG_UP, CommandFault.REFUSED),
    "status": (CommandFault.BUSY, CommandFault.SILENT, CommandFault.LATE_ANSWER, CommandFault.HANG_UP),
    "registration": (CommandFault.BUSY, CommandFault.HANG_UP),
    "totals": (CommandFault.BUSY, CommandFault.COMPLETION_ONLY, CommandFault.SILENT),
    "end-of-day": (CommandFault.BUSY, CommandFault.ABORTED, CommandFault.HANG_UP),
}  # fmt: skip
#: The numbers of new books wrap early in a run.
NEARLY_WRAPPED = 9_990


@dataclass(frozen=True)
class Make:
    """A make of terminal: how it is reached, what it does with an approval nobody answered, and our profile of it."""

    name: str
    tcp: bool
    profile: str
    reversal: str


MAKES = (
    Make("cable", tcp=False, profile="simulated", reversal="reverse"),
    Make("network-keeps", tcp=True, profile="simulated", reversal="keep"),
    Make("cable-undescribed", tcp=False, profile="standard", reversal="reverse"),
    Make("network-declines", tcp=True, profile="card-complete", reversal="decline"),
)
"""One for each stall of a run, in turn. A `standard` terminal is believed by its totals, the others by their last receipt."""


@dataclass(frozen=True)
class Share:
    """One stall of a run: its number, make and seed, and how many sales it makes."""

    no: int
    make: Make
    seed: str
    sales: int

    @property
    def name(self) -> str:
        """What it is called in findings."""
        return f"{self.no}-{self.make.name}"

    def chance(self, who: str) -> random.Random:
        """The dice of one person or thing at this stall."""
        return random.Random(f"{self.seed} {who}")


def shares(sales: int, seed: int, stalls: int) -> list[Share]:
    """The stalls of a run; together they make `sales` sales."""
    each, left = divmod(sales, stalls)
    return [Share(n, MAKES[n % len(MAKES)], f"{seed} {n}", each + (n < left)) for n in range(stalls)]


@dataclass(frozen=True)
class Wanted:
    """What one buyer wants: prints have numbers, zines have none; and what happens besides."""

    prints: int
    zines: int
    twice: bool
    """The first button is pressed by two at one instant, and so is Card."""
    meddled: str
    """What the other till presses meanwhile: nothing, `card`, `next-card` or `cash`."""
    cancelled: bool
    opened: bool
    """The buyer opens what was bought, so that its numbers stand in certificates."""
    back: str
    """How the money is to go back in the end: not at all, `reverse` or `refund`."""

    @property
    def minor(self) -> int:
        """Its price."""
        return self.prints * stocked.PRICES[stocked.PRINTS] + self.zines * stocked.PRICES[stocked.ZINE]


def wanted(chance: random.Random) -> Wanted:
    """Draw the next buyer."""
    usual = (
        chance.random() < 0.5
    )  # the same amount again and again: then only its number tells one payment from another
    prints, zines = (1, 0) if usual else chance.choice(((2, 0), (3, 0), (0, 1), (0, 2), (1, 1), (2, 3)))
    return Wanted(
        prints,
        zines,
        twice=chance.random() < 0.2,
        meddled=chance.choices(("", "card", "next-card", "cash"), (4, 2, 2, 2))[0],
        cancelled=chance.random() < 0.05,
        opened=chance.random() < 0.15,
        back=chance.choices(("", "reverse", "refund"), (16, 3, 1))[0],
    )


def script(share: Share) -> str:
    """The terminal's script: a third of the payments row by row, faults of the line at every block; then at random."""
    chance = share.chance("script")
    lines = [
        "[terminal]",
        f'tid = "5200{share.no:04d}"',
        f'auto_reversal = "{share.make.reversal}"',
        f"next_receipt = {NEARLY_WRAPPED}",
        f"wrap = {share.no % 2}",
    ]
    for mode in chance.choices([*FAULTS], [*FAULTS.values()], k=max(1, share.sales // 3)):
        lines += ["[[payment]]", f'fault = "{mode}"']
        if mode in LINE:
            lines += [f"times = {chance.randint(1, 4)}", f'at = "{chance.choice([*At])}"']
    for name, faults in DISTURBED.items():
        lines += _rows(chance, name, [str(each) for each in faults], share.sales)
    for name in ("reversal", "refund"):
        lines += _rows(chance, name, [str(each) for each in BACK_FAULTS], share.sales // 8)
    weights = ", ".join(f'"{mode}" = {weight}' for mode, weight in FAULTS.items())
    return "\n".join([*lines, "[random]", f"seed = {chance.randrange(1 << 31)}", f"faults = {{ {weights} }}", ""])


def _rows(chance: random.Random, name: str, faults: list[str], often: int) -> list[str]:
    """Disturb about one in eight of the first `often` commands of a name."""
    return [
        line
        for after in range(often)
        if chance.random() < 1 / 8
        for line in ("[[command]]", f'name = "{name}"', f'fault = "{chance.choice(faults)}"', f"after = {after}")
    ]


def met(told: Script, payments: int) -> Counter[str]:
    """Which faults so many payments met."""
    return Counter(told.payment_fate(number).mode.value for number in range(payments))
