"""The Wi-Fi in words: what is wrong with it and what to do, how many phones got how far, and each phone. Pure, from what was told.

What the box's own processes tell of the network is taken as it comes: a notice may be old, half or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stall.settings import Settings
from stall.web.captive.agents import System
from stall.web.captive.clients import Seen, Stage
from stall.web.till.words import Shape

_SYSTEMS = {
    System.APPLE: "Apple", System.ANDROID: "Android", System.WINDOWS: "Windows", System.LINUX: "Linux", System.KINDLE: "Kindle",
    System.UNKNOWN: "Phone",
}  # fmt: skip
#: A phone that has joined for this many minutes and was not heard needs somebody.
_SILENT_MIN = 1
_KB = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say: its shape, what it is, and what to do."""

    shape: Shape
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone as the till shows it. `mark` is a few signs of its hardware address, or of its address."""

    mark: str
    system: str
    since: str
    got: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Step:
    """How many phones reached one step on the way to their files."""

    words: str
    count: int


@dataclass(frozen=True, slots=True)
class Air:
    """A phone as it was told of, and how far it got by the portal."""

    mac: str
    address: str
    joined: bool
    minutes: int
    sent_kb: int
    seen: Seen

    @property
    def silent(self) -> bool:
        """Whether it joined and never asked us for anything."""
        return self.joined and bool(self.address) and not self.seen.stages and self.minutes >= _SILENT_MIN


def phones_in(told: Mapping[str, object], seen: Callable[[str], Seen]) -> list[Air]:
    """The phones of a notice, those that got furthest first."""
    listed = told.get("phones")
    found = [_air(each, seen) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return sorted(found, key=lambda phone: (-max(phone.seen.stages, default=-1), -phone.minutes, phone.mac))


def _air(each: Mapping[str, object], seen: Callable[[str], Seen]) -> Air:
    address = _text(each, "address")
    return Air(
        _text(each, "mac"), address, each.get("joined") is True, _number(each, "minutes"), _number(each, "sent_kb"),
        seen(address) if address else Seen(),
    )  # fmt: skip


def findings(told: Mapping[str, object], phones: Sequence[Air], settings: Settings) -> list[Finding]:
    """What there is to say, the worst first. `told` is not empty."""
    lan, radio = _text(told, "lan"), told.get("radio") is True
    down = _down(told, lan, radio=radio)
    if down is not None:
        return [down]
    found = []
    room, joined = _number(told, "room"), _number(told, "joined")
    if not settings.captive.portal:
        found.append(Finding(
            Shape.WARN, "Phones are not led to the shop",
            "Nothing answers them when they look for the internet. Set portal = true in settings.toml under [captive], then install again.",
        ))  # fmt: skip
    if radio and room and joined >= room:
        found.append(Finding(
            Shape.WARN, f"Full: {joined} of {room} phones",
            "Nobody else can join now. Ask whoever is done to leave the Wi-Fi; a USB radio takes more phones.",
        ))  # fmt: skip
    if wrong := _number(told, "wrong"):
        found.append(Finding(
            Shape.WARN, f"{_phones(wrong)} tried a wrong password",
            "In the last ten minutes. Let them scan the first code below instead of typing.",
        ))  # fmt: skip
    if lost := sum(phone.joined and not phone.address for phone in phones):
        found.append(Finding(
            Shape.WARN, f"{_phones(lost)} got no address",
            "A moment is usual. If it stays, turn Wi-Fi off and on at the phone; if nobody gets one, restart stall-dns.",
        ))  # fmt: skip
    if silent := sum(phone.silent for phone in phones):
        found.append(Finding(
            Shape.WARN, f"{_phones(silent)} joined and saw nothing yet",
            "No window came up, the phone kept to mobile data, or its own name service (private DNS, VPN) goes around the stall. The second code below opens the shop.",
        ))  # fmt: skip
    return found or [_fine(told, joined, room, radio=radio)]


def _down(told: Mapping[str, object], lan: str, *, radio: bool) -> Finding | None:
    """What keeps everybody out, the first cause of it; None where nothing does."""
    blocked = _text(told, "blocked")
    causes = (
        (told.get("there") is not True, f"The interface {lan} is not there", "Plug it in. If it is in, restart the box; if it stays, name another one as lan in settings.toml under [network]."),
        (not radio, "", ""),  # the rest is of radios
        (not _text(told, "country"), "No country is set", 'The radio may not send without one. Set country in settings.toml under [network], like "DE", then install again.'),
        (blocked == "hard", "A switch keeps the radio off", "Turn the switch or key for Wi-Fi on this machine."),
        (blocked == "soft", "A program switched the radio off", "Run on the box: sudo systemctl restart stall-lan"),
        (told.get("hostapd") is not True, "The Wi-Fi is down", "It starts again by itself within seconds. If it stays down, run on the box: stall doctor"),
    )  # fmt: skip
    for so, title, sentence in causes:
        if so:
            return Finding(Shape.STOP, title, sentence) if title else None
    if told.get("sends") is not True:
        return Finding(
            Shape.WAIT,
            "The Wi-Fi is starting",
            "It looks for the quietest channel first. That takes some ten seconds.",
        )
    return None


def _fine(told: Mapping[str, object], joined: int, room: int, *, radio: bool) -> Finding:
    if not radio:
        return Finding(Shape.OK, "The cable is in", "The travel router makes the Wi-Fi; who may join is its business.")
    places = f"{joined} of {room} phones are in it" if room else f"{_phones(joined)} in it"
    return Finding(Shape.OK, "The Wi-Fi works", f"{places}, on channel {_number(told, 'channel')}.")


def steps(phones: Sequence[Air]) -> list[Step]:
    """How many got how far, each step beside the one before it."""

    def reached(stage: Stage) -> int:
        """Who got further was here, though the phone may not have asked for each."""
        return sum(max(phone.seen.stages, default=-1) >= stage for phone in phones)

    return [
        Step("joined", len(phones)),
        Step("got an address", sum(bool(phone.address) for phone in phones)),
        Step("asked for the internet", reached(Stage.PROBED)),
        Step("saw a page", reached(Stage.PAGE)),
        Step("opened the shop", reached(Stage.CATALOGUE)),
        Step("ordered", reached(Stage.ORDER)),
        Step("paid", reached(Stage.PAID)),
        Step("began a download", reached(Stage.FILE)),
    ]


def shown(phones: Sequence[Air]) -> list[Phone]:
    """Each phone in a line."""
    return [
        Phone(
            phone.mac[-5:].replace(":", "") or "?",
            _SYSTEMS[phone.seen.system],
            f"{phone.minutes} min" if phone.joined else "left",
            _got(phone),
            phone.silent,
        )
        for phone in phones
    ]


def _got(phone: Air) -> str:
    words = {
        -1: "nothing asked yet" if phone.address else "no address yet", Stage.PROBED: "looked for the internet",
        Stage.PAGE: "saw the welcome", Stage.RELEASED: "left the small window", Stage.CATALOGUE: "is in the shop",
        Stage.ORDER: "has an order", Stage.PAID: "has paid", Stage.FILE: "downloads",
    }[max(phone.seen.stages, default=-1)]  # fmt: skip
    return f"{words}, {phone.sent_kb / _KB:.1f} MB sent" if phone.sent_kb >= _KB else words


def uplink(told: Mapping[str, object], settings: Settings) -> Finding:
    """What the uplink is good for now."""
    if told.get("up") is not True:
        if clash := _text(told, "clash"):
            return Finding(
                Shape.WARN, "The uplink has the Wi-Fi’s addresses",
                f"The network at {clash} uses the same addresses as the stall’s own Wi-Fi, so nothing gets through there. The stall sells on. Set another address in settings.toml, under [network] and under [web], then install again.",
            )  # fmt: skip
        through = " Phones are kept here." if settings.captive.uplink else ""
        return Finding(Shape.NONE, "No uplink", f"The box has no internet, and needs none to sell.{through}")
    out = (
        "Phones’ own questions for the internet go out there, nothing else of theirs."
        if settings.captive.uplink
        else "Nothing of phones goes out there."
    )
    return Finding(Shape.OK, f"Online by {_text(told, 'interface')}", f"The box uploads what it sold. {out}")


def _phones(count: int) -> str:
    return "1 phone" if count == 1 else f"{count} phones"


def _text(told: Mapping[str, object], name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""


def _number(told: Mapping[str, object], name: str) -> int:
    found = told.get(name)
    return found if isinstance(found, int) else 0
