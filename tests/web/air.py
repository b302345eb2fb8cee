"""What the box's processes tell of a Wi-Fi with trouble of every kind, for the page that shows it."""

from __future__ import annotations

from typing import Any


def phone(n: int, *, address: bool = True, joined: bool = True, minutes: int = 5) -> dict[str, Any]:
    lent = f"192.0.2.{20 + n}" if address else ""
    return {"mac": f"02:11:22:33:a{n}:{n}f", "address": lent, "joined": joined, "minutes": minutes, "sent_kb": 12_300 * n, "dbm": -50}  # fmt: skip


def told(**changes: Any) -> dict[str, Any]:
    """The notice `wifi` of one that works, but for what is changed."""
    well = {
        "lan": "wlan0", "there": True, "radio": True, "blocked": "", "country": "DE", "sends": True, "hostapd": True,
        "channel": 6, "room": 7, "joined": 1, "wrong": 0, "phones": [],
    }  # fmt: skip
    return {**well, **changes}


TROUBLE = {
    "wifi": told(joined=7, wrong=2, phones=[*(phone(n) for n in range(4)), phone(4, address=False)]),
    "uplink": {"up": True, "interface": "eth0", "resolver": "9.9.9.9"},
}
