"""Who is on the Wi-Fi, put together: what hostapd says, and what dnsmasq lent. The notice `wifi`; nothing of it is written to a disk.

Hardware addresses stand in the notice, which lies in memory among the box's own processes and is replaced whole; whoever shows one
shows a few signs of it. Nobody logs one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from pathlib import Path

from stall.box.network import leases
from stall.box.network.hostapd import Control, Lost, Radio, Station

#: What somebody typed wrong is told of for so long (s).
WRONG_S = 600.0
#: No more than so many are told of.
MOST_PHONES = 300
_WRONG = re.compile(r"AP-STA-POSSIBLE-PSK-MISMATCH ((?:[0-9a-f]{2}:){5}[0-9a-f]{2})")
#: More than somebody's doubled radio sends: 4096 of them end memory, not the day.
_MOST_WRONG = 256


class Stations:
    """Looks whenever it is called. `socket` is hostapd's, `lent` dnsmasq's file, `rfkill` where the kernel says what is switched off."""

    def __init__(
        self,
        socket: Path,
        lent: Path,
        seconds: Callable[[], float],
        *,
        room: int,
        lan: str,
        country: str,
        sys: Path = Path("/sys/class"),
    ) -> None:
        """Nothing is known yet. `room` is how many may join."""
        self._socket, self._lent, self._seconds, self._sys = socket, lent, seconds, sys
        self._room, self._lan, self._country = room, lan, country
        self._control: Control | None = None
        self._wrong: deque[tuple[float, str]] = deque(maxlen=_MOST_WRONG)

    def look(self) -> dict[str, object]:
        """The notice as it is now."""
        radio, stations = self._air()
        lent = {lease.mac: lease.address for lease in leases.read(_text(self._lent))}
        joined = {station.mac: station for station in stations if station.joined}
        phones = [self._phone(mac, joined.get(mac), lent.get(mac, "")) for mac in {**joined, **lent}]
        device = self._sys / "net" / self._lan
        return {
            "lan": self._lan,
            "there": device.exists(),
            "radio": (device / "phy80211").exists(),
            "blocked": self._blocked(),
            "country": self._country,
            "sends": radio is not None and radio.sends,
            "hostapd": radio is not None,
            "channel": 0 if radio is None else radio.channel,
            "room": self._room,
            "joined": len(joined),
            "wrong": self._wrong_lately(),
            "phones": phones[:MOST_PHONES],
        }

    def close(self) -> None:
        """Leave hostapd."""
        if self._control is not None:
            self._control.close()
            self._control = None

    def _air(self) -> tuple[Radio | None, list[Station]]:
        """What hostapd says; a conversation that broke is begun anew at the next look."""
        try:
            if self._control is None:
                self._control = Control(self._socket, self._hear)
            self._control.listen()
            return self._control.radio(), self._control.stations()
        except Lost:
            self.close()
            return None, []

    def _hear(self, event: str) -> None:
        if found := _WRONG.match(event):
            self._wrong.append((self._seconds(), found[1]))

    def _wrong_lately(self) -> int:
        """How many different phones tried a wrong password lately."""
        since = self._seconds() - WRONG_S
        while self._wrong and self._wrong[0][0] <= since:
            self._wrong.popleft()
        return len({mac for _, mac in self._wrong})

    def _phone(self, mac: str, station: Station | None, address: str) -> dict[str, object]:
        """One phone; `seconds` and `sent` to the nearest it is worth telling anew for."""
        return {
            "mac": mac,
            "address": address,
            "joined": station is not None,
            "minutes": 0 if station is None else station.seconds // 60,
            "sent_kb": 0 if station is None else station.sent // 1000 // 100 * 100,
            "dbm": 0 if station is None else station.dbm // 5 * 5,
        }

    def _blocked(self) -> str:
        """`hard` or `soft` where a Wi-Fi radio is switched off; empty where none is."""
        found = ""
        for switch in self._sys.glob("rfkill/rfkill*"):
            if _text(switch / "type").strip() == "wlan":
                if _text(switch / "hard").strip() == "1":
                    return "hard"
                found = "soft" if _text(switch / "soft").strip() == "1" else found
        return found


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
