"""What the till says of the machine under it, in words with the cure: from the notices `power` and `disk` and the box's own clock. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stall.clock import Source
from stall.clock_chip import Doubt as ChipDoubt
from stall.store.floor import Doubt, Moment
from stall.web import words
from stall.web.till.words import Shape

Notice = Mapping[str, object]

#: For so long a dip of the voltage that is over stays in the strip (ms): it comes back with the next phone that charges.
DIP_SHOWN_MS = 15 * 60_000
_MINUTE_MS = 60_000

_DISKS = {"sd": "SD card", "emmc": "eMMC", "usb": "USB disk", "nvme": "NVMe disk", "rotating": "Hard disk"}
#: A Pi 5 gives its USB devices more only from a supply that says it can (mA).
_PLENTY_MA = 5000


@dataclass(frozen=True, slots=True)
class Said:
    """One thing: its name, a shape, a few words or a title, and a sentence that says what to do."""

    name: str
    shape: Shape
    title: str
    sentence: str = ""


def strip(power: Notice, disk: Notice, boottime_ms: int, *, read_only: bool) -> list[Said]:
    """What the strip says of the machine, the most important first; nothing while nothing is wrong."""
    found = []
    if read_only or disk.get("read_only") is True:
        found.append(Said("card", Shape.STOP, "The disk takes nothing: stop selling"))
    elif _number(disk, "errors"):
        found.append(Said("card", Shape.WARN, "The disk has errors: change it"))
    elif disk.get("cannot_be") is True or disk.get("no_barrier") is True:
        found.append(Said("card", Shape.WARN, "The disk may lose sales in a power cut"))
    elif disk.get("worn_out") is True:
        found.append(Said("card", Shape.WARN, "The disk is nearly worn out"))
    dipped = _number(power, "dip_boottime_ms")
    if power.get("low") is True:
        found.append(Said("power", Shape.WARN, "Too little power: change the supply"))
    elif _number(power, "dips") and 0 <= boottime_ms - dipped < DIP_SHOWN_MS:
        found.append(Said("power", Shape.WARN, "Power was too weak"))
    if power.get("hot") is True:
        found.append(Said("heat", Shape.WARN, "Too hot: give the box shade and air"))
    return found


def page(
    moment: Moment, chips: Sequence[ChipDoubt | None], power: Notice, disk: Notice, *, read_only: bool
) -> list[Said]:
    """Everything the page of the box says: clock, power, heat, disk, in this order."""
    return [_clock(moment, chips), _power(power, moment.boottime_ms), *_heat(power), *_disk(disk, read_only=read_only)]


def _clock(moment: Moment, chips: Sequence[ChipDoubt | None]) -> Said:
    chip = _chip(chips)
    if moment.source is not Source.FLOOR:
        how = {
            Source.NTP: "Set by the network.",
            Source.RTC: "Kept by the clock chip.",
            Source.OPERATOR: "Confirmed by a maker, until the box is switched off.",
        }[moment.source]
        return Said("clock", Shape.OK, "Clock", f"{words.date_time(moment.now_ms)}. {how}{chip}")
    why = {
        Doubt.AHEAD: "The machine’s clock is more than two days ahead, so it is not believed.",
        Doubt.BEHIND: "The machine’s clock is behind what was written down already.",
    }.get(moment.doubt or Doubt.NO_SOURCE, "Nothing has told the box the time since it started.")
    return Said("clock", Shape.WARN, "Clock unsure", f"{why} Confirm it under Clock.{chip}")


def _chip(chips: Sequence[ChipDoubt | None]) -> str:
    """What to know of the clock chip, after a space; nothing where one keeps the time."""
    if None in chips:
        return ""
    if not chips:
        return " There is no clock chip, so without a network it is asked for after every start."
    if ChipDoubt.DIFFERS in chips:
        return " The clock chip says another time: start once with a network, and it is set."
    return " The clock chip forgot the time: give it a battery, then start once with a network."


def _power(power: Notice, boottime_ms: int) -> Said:
    cure = "Use the supply made for this board, a short thick cable, and take off what else draws from its USB."
    dips, dipped = _number(power, "dips"), _number(power, "dip_boottime_ms")
    supply = _number(power, "supply_ma")
    weak = 0 < supply < _PLENTY_MA
    if power.get("low") is True:
        return Said("power", Shape.WARN, "Too little power", f"The box may stop at any moment. {cure}")
    if dips:
        ago = max(0, boottime_ms - dipped) // _MINUTE_MS
        when = "just now" if ago == 0 else f"{ago} min ago"
        times = "Once" if dips == 1 else f"{dips} times"
        return Said("power", Shape.WARN, "Power was too weak", f"{times} since it was switched on, last {when}. {cure}")
    if power.get("was_low") is True:
        return Said("power", Shape.WARN, "Power was too weak", f"At least once since it was switched on. {cure}")
    if power.get("known") is not True:
        return Said("power", Shape.NONE, "Power", "This machine does not tell how much it gets.")
    if weak:
        return Said(
            "power",
            Shape.OK,
            "Power",
            f"Enough. The supply gives {supply / 1000:g} A, so what hangs on USB shares 0.6 A; one of 5 A gives it more.",
        )
    return Said("power", Shape.OK, "Power", "Enough ever since it was switched on.")


def _heat(power: Notice) -> list[Said]:
    celsius = _number(power, "celsius")
    if power.get("hot") is True:
        return [
            Said(
                "heat",
                Shape.WARN,
                "Too hot",
                f"{celsius} °C, so the box runs slower. Put it in the shade, and leave its sides free.",
            )
        ]
    return [Said("heat", Shape.OK, "Temperature", f"{celsius} °C.")] if celsius else []


def _disk(disk: Notice, *, read_only: bool) -> list[Said]:
    kind = _DISKS.get(str(disk.get("kind")), "Disk")
    facts = ", ".join(part for part in (str(disk.get("model") or "")[:40], _written(disk), _rate(disk)) if part)
    if read_only or disk.get("read_only") is True:
        sentence = (
            "It found an error and can only be read, so no sale can be written down. What was sold is there."
            " Start the box again; if it comes back, go on with a new card."
        )
        return [Said("card", Shape.STOP, f"{kind}: takes nothing any more", sentence)]
    trouble = _disk_trouble(disk)
    if trouble is not None:
        title, sentence = trouble
        return [Said("card", Shape.WARN, f"{kind}: {title}", f"{sentence} {facts}." if facts else sentence)]
    worn = _number(disk, "worn_percent")
    used = f" At most {worn} % worn." if worn else ""
    return [Said("card", Shape.OK, kind, f"{facts or 'No trouble seen'}.{used}")] if disk else []


def _disk_trouble(disk: Notice) -> tuple[str, str] | None:
    """The worst that is wrong with a disk that still takes what it is given, in a few words and a sentence."""
    errors, worn = _number(disk, "errors"), _number(disk, "worn_percent")
    change = "Close the day, make a backup, and go on with a new card."
    found = words.count(errors, "error", "errors")
    every: tuple[tuple[bool, str, str], ...] = (
        (errors > 0, "has errors", f"Its file system found {found}. {change}"),
        (
            disk.get("no_barrier") is True,
            "mounted without barriers",
            "A power cut may take sales with it. Take nobarrier out of /etc/fstab.",
        ),
        (
            disk.get("cannot_be") is True,
            "may lose sales in a power cut",
            "It says it kept what no such disk can keep so fast. Try it with stall doctor --power-cut-test, or take another one.",
        ),
        (disk.get("worn_out") is True, "nearly worn out", f"{worn} % of what it was made for is used. {change}"),
        (
            disk.get("slow") is True,
            "slow",
            "Buyers wait for it at every sale; a card marked A1 or A2 is faster.",
        ),
    )
    return next(((title, sentence) for wrong, title, sentence in every if wrong), None)


def _written(disk: Notice) -> str:
    written = _number(disk, "written_gb")
    return f"{written} GB written so far" if written else ""


def _rate(disk: Notice) -> str:
    per_s = _number(disk, "per_s")
    return f"keeps {per_s} small writes a second" if per_s else ""


def _number(notice: Notice, name: str) -> int:
    found = notice.get(name)
    return found if isinstance(found, int) else 0
