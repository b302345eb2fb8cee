"""Facts as people say them: money, sizes, waiting times, dates. Filters of the templates of both apps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from stall.domain import money
from stall.wire import crockford

#: What a phone gets on the stall's own Wi-Fi when it is not alone (bits a second); an estimate, and said so.
WIFI_BITS_S = 20_000_000
_KB, _MB, _GB = 1000, 1000**2, 1000**3
_MINUTE_S = 60
#: Up to here a wait is said in seconds.
IN_SECONDS = 2 * _MINUTE_S
_TEN = 10
_MINUTES, _HOURS = 60, 24


def size(count: int) -> str:
    """Write a number of bytes (`212 MB`), in decimal units as phones do."""
    for unit, name in ((_GB, "GB"), (_MB, "MB"), (_KB, "kB")):
        if count >= unit:
            whole = count / unit
            return f"{whole:.1f} {name}" if whole < _TEN else f"{whole:.0f} {name}"
    return f"{count} bytes"


def seconds_here(count: int) -> int:
    """About how many seconds so many bytes take on the stall's own Wi-Fi."""
    return count * 8 // WIFI_BITS_S


def download_time(count: int) -> str:
    """Say about how long so many bytes take here (`about 40 s`)."""
    seconds = seconds_here(count)
    if seconds < 2:  # noqa: PLR2004 - one second is no wait
        return "a moment"
    if seconds < IN_SECONDS:
        return f"about {seconds} s"
    return f"about {round(seconds / _MINUTE_S)} min"


def date_time(ms: int) -> str:
    """Write a moment (ms UTC) short (`21 Nov 2026, 14:05 UTC`)."""
    at = _utc(ms)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def date_of(text: str) -> str:
    """Write a moment of a document (`2026-11-21T14:05:00Z`) as `date_time` does; as it stands when it is none."""
    try:
        return date_time(int(datetime.fromisoformat(text).timestamp()) * 1000)
    except ValueError:
        return text


def time(ms: int) -> str:
    """Write the time of day of a moment (ms UTC): `14:05 UTC`."""
    return f"{_utc(ms):%H:%M} UTC"


def iso(ms: int) -> str:
    """Write a moment (ms UTC) for machines (`2026-11-21T14:05:00Z`)."""
    return f"{_utc(ms):%Y-%m-%dT%H:%M:%SZ}"


def when(ms: int, now_ms: int) -> str:
    """Write a moment near now: the time alone today, else the day too, always UTC."""
    at, now = _utc(ms), _utc(now_ms)
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at.day} {at:%b, %H:%M} UTC"


def age(ms: int, now_ms: int) -> str:
    """Say how long ago a moment was (`3 h ago`)."""
    minutes = max(0, now_ms - ms) // 60_000
    if minutes < _MINUTES:
        return f"{minutes} min ago" if minutes else "just now"
    hours = minutes // _MINUTES
    return f"{hours} h ago" if hours < 2 * _HOURS else f"{hours // _HOURS} days ago"


def percent(basis_points: int) -> str:
    """Write a VAT rate (`19 %`, `5.5 %`)."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %" if rest else f"{whole} %"


def count(number: int, one: str, many: str) -> str:
    """Write a number with its noun (`1 file`, `20 files`)."""
    return f"{number} {one if number == 1 else many}"


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


FILTERS: dict[str, Callable[..., str]] = {
    "money": money.text,
    "size": size,
    "download_time": download_time,
    "date_time": date_time,
    "date_of": date_of,
    "time": time,
    "iso": iso,
    "when": when,
    "age": age,
    "percent": percent,
    "count_of": count,
    "grouped": crockford.grouped,
    "uuid": lambda raw: str(UUID(bytes=raw)),
}
