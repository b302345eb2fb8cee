"""The table of files: which template goes where, with which rights, on which machine, and which program judges it.

`plan` is all that a machine gets, rendered; `one` renders a single file again, as the network does with the channel it found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from stall.box.config import places, render
from stall.box.config.boards import Board
from stall.box.config.values import values
from stall.settings import Settings

#: The project's `firmware_config` and `systemd`, found beside this package as its `static` is.
SHIPPED = Path(__file__).parent / "shipped"
UNITS = Path(__file__).parent / "units"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the appliance: `path` as the running machine sees it, `check` the program that judges it (validate.CHECKS)."""

    path: str
    mode: int
    owner: str
    group: str
    content: bytes = field(repr=False)  # one holds the Wi-Fi's password
    check: str


When = Callable[[Settings, Board], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `template` lies in `firmware_config`."""

    template: str
    path: str
    check: str
    why: str
    when: When = lambda _settings, _board: True
    condition: str = "always"
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


def _radio(_settings: Settings, board: Board) -> bool:
    return board.radio is not None


def _country(settings: Settings, board: Board) -> bool:
    """On a Raspberry Pi it stands on the kernel's command line, where its own tools look for it."""
    return board.radio is not None and bool(settings.network.country) and not board.boot


def _watchdog(_settings: Settings, board: Board) -> bool:
    return board.watchdog


def _swap(_settings: Settings, board: Board) -> bool:
    return board.swap_by_pi


TABLE = (
    Row("nginx/nginx.conf", places.NGINX_MAIN, "nginx", "our own nginx, apart from the system's"),
    Row("nginx/stall-buyers.conf", places.NGINX_BUYERS, "nginx", "buyers on port 80"),
    Row("nginx/stall-till.conf", places.NGINX_TILL, "nginx", "the till over TLS on port 8443"),
    Row("hostapd/hostapd.conf", places.HOSTAPD, "hostapd", "the Wi-Fi", _radio, "buyers are on a radio", mode=0o600),
    Row("dnsmasq/dnsmasq.conf", places.DNSMASQ, "dnsmasq", "addresses and names for phones"),
    Row("nftables/nftables.nft", places.NFTABLES, "nft", "what may come in, and that nothing goes through"),
    Row("networkmanager/10-stall.conf", places.NETWORK_MANAGER, "network manager", "leaves buyers' interface to us"),
    Row(
        "udev/60-stall-reader.rules",
        places.UDEV_READER,
        "udev",
        "card terminals: left alone by others, started when plugged in",
    ),
    Row("udev/60-stall-printer.rules", places.UDEV_PRINTER, "udev", "receipt printers: for the group of printers"),
    Row("journald/90-stall.conf", places.JOURNALD, "journald", "the system's log in memory, 32 MB at most"),
    Row("timesyncd/90-stall.conf", places.TIMESYNCD, "timesyncd", "the time kept every minute"),
    Row("systemd/90-stall.conf", places.SYSTEM, "systemd", "the machine's watchdog", _watchdog, "the machine has one"),
    Row(
        "sysctl/60-stall.conf",
        places.SYSCTL,
        "sysctl",
        "memory for slow phones, no way through, little held back from the card",
    ),
    Row("tmpfiles/stall.conf", places.TMPFILES, "tmpfiles", "the folder the processes share, in memory"),
    Row("sysusers/stall.conf", places.SYSUSERS, "sysusers", "the user and group of the stall"),
    Row(
        "modprobe/stall.conf",
        places.MODPROBE,
        "modprobe",
        "where the radio stands",
        _country,
        "on a radio, with a country set, on no Raspberry Pi",
    ),
    Row("swap/90-stall.conf", places.SWAP, "swap", "no swapping to the card", _swap, "Raspberry Pi OS from Trixie on"),
)
#: Units that only some machines have.
UNIT_WHEN: dict[str, When] = {"stall-ap.service": _radio}


def plan(settings: Settings, board: Board) -> list[File]:
    """Every file this machine gets, by path.

    Raises Broken `config-name-unknown`, `config-template-malformed` and `config-value-unfit`.
    """
    given = values(settings, board)
    files = []
    for template, row in (*_rows(), *_units()):
        if row.when(settings, board):
            content = render.text(template.read_text("utf-8"), given, row.template).encode()
            files.append(File(row.path, row.mode, row.owner, row.group, content, row.check))
    return sorted(files, key=lambda file: file.path)


def one(path: str, settings: Settings, board: Board, channel: int = 0) -> bytes:
    """What stands in one file of the table, `places.HOSTAPD` for one, with another channel if given. Raises as `plan`."""
    row = next(row for row in TABLE if row.path == path)
    text = (SHIPPED / row.template).read_text("utf-8")
    return render.text(text, values(settings, board, channel), row.template).encode()


def _rows() -> list[tuple[Path, Row]]:
    return [(SHIPPED / row.template, row) for row in TABLE]


def _units() -> list[tuple[Path, Row]]:
    """Every file of `systemd`, into the folder of units, as it is called there."""
    found = []
    for template in sorted(UNITS.rglob("*")) if UNITS.is_dir() else []:
        if template.is_file():
            name = template.relative_to(UNITS).as_posix()
            when = UNIT_WHEN.get(name, lambda _settings, _board: True)
            found.append((template, Row(name, f"{places.UNITS}/{name}", "unit", "a unit", when)))
    return found
