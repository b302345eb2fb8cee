"""The radio: whether something switches it off, in which country it stands, and the channel it gets before hostapd starts. Root only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from stall import disk
from stall.box.network import programs, scan
from stall.errors import Refused
from stall.settings import Network


def is_radio(device: Path) -> bool:
    """Whether an interface (its folder in sysfs) is a radio's."""
    return (device / "phy80211").exists() or (device / "wireless").exists()


def unblock(rfkill: Path) -> list[str]:
    """Take back what blocks a Wi-Fi radio by program; say which a switch blocks, that only a hand turns."""
    said = []
    for switch in sorted(rfkill.glob("rfkill*")) if rfkill.is_dir() else []:
        if _read(switch / "type") != "wlan":
            continue
        if _read(switch / "soft") == "1":
            (switch / "soft").write_text("0")
            said.append("The radio was switched off by a program. It is on now.")
        if _read(switch / "hard") == "1":
            said.append("A switch or key on this machine keeps the radio off. Turn it, then run: sudo stall lan up")
    return said


def set_country(country: str) -> list[str]:
    """Tell the radios where they stand. Raises what `programs.run` raises."""
    if not country:
        return [
            'No country is set, so the radio may not send. Set country in settings.toml under [network], like "DE".'
        ]
    programs.run("iw", "reg", "set", country)
    return []


def prepare(own: Network, rendered: Callable[[int], bytes], file: Path, sys: Path = Path("/sys/class")) -> list[str]:
    """Choose the channel and write hostapd's configuration, `rendered` with it, to `file`; give what there is to say.

    Raises Refused `network-not-root`, `channel-refused`; what `rendered` and `programs.attempt` raise.
    """
    programs.root_only()
    allowed = scan.allowed(own.band, _answer("iw", "reg", "get"))
    if own.channel and own.channel not in allowed:
        raise Refused(
            "channel-refused",
            f"Channel {own.channel} may not be used in {own.country or 'a country that is not set'}. Set another channel in settings.toml under [network], or 0.",
        )
    if not allowed:
        raise Refused(
            "channel-refused",
            f"No channel of {own.band} GHz may be used in {own.country or 'a country that is not set'}. Set country, or the other band, in settings.toml under [network].",
        )
    channel, why = (own.channel, "as set") if own.channel else _quietest(own, allowed, sys)
    file.parent.mkdir(mode=0o755, exist_ok=True)
    with disk.whole_file(file, 0o600) as written:
        written.write(rendered(channel))
    return [f"Channel {channel} of {own.band} GHz ({why})."]


def _quietest(own: Network, allowed: tuple[int, ...], sys: Path) -> tuple[int, str]:
    programs.attempt("ip", "link", "set", own.lan, "up")
    heard = scan.heard(_answer("iw", "dev", own.lan, "scan"))
    if heard is not None:
        return scan.quietest(allowed, heard), f"the quietest, {len(heard)} networks heard"
    mark = hashlib.sha256(_read(sys / "net" / own.lan / "address").encode()).digest()
    return allowed[mark[0] % len(allowed)], "the radio hears nothing before it sends, so one of its own"


def _answer(*command: str) -> str | None:
    """What a program answered; None where it could not."""
    done = programs.attempt(*command)
    return done.stdout if done is not None and done.returncode == 0 else None


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
