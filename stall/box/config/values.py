"""The values that templates may ask for, by name: from the settings, the board and the places.

What only a few machines have is a flag beside it (`@if radio@`), so that no name is ever without a value.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network

from stall.box.config import places
from stall.box.config.boards import Board
from stall.box.config.render import Value, Values
from stall.settings import Settings

#: The channel a radio begins on where none is set; which is the quietest is found when the Wi-Fi starts.
FIRST_CHANNEL = {"2.4": 6, "5": 36}
#: A network of 254: the box is .1, the first are left for a maker's own things.
_FIRST, _LAST = 20, 250
_SYMLINK = re.compile(r"serial:/dev/((?:serial/by-id/|stall-reader)[A-Za-z0-9#+.:=@_-]*)")
_KERNEL = re.compile(r"serial:/dev/(tty[A-Za-z]{1,8}[0-9]{1,3})")
_USB = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")


def values(settings: Settings, board: Board, channel: int = 0) -> Values:
    """Every name with its value; `channel` in place of the settings' where it was found meanwhile."""
    return {
        **_places(),
        **_network(settings, board, channel),
        **_devices(settings),
        "small": 0 < board.memory_mb < 700,  # noqa: PLR2004 - MB; a board sold with 512
    }


def _places() -> dict[str, Value]:
    return {
        "buyers_socket": places.BUYERS_SOCKET,
        "data": places.DATA,
        "dnsmasq": places.DNSMASQ,
        "group": places.GROUP,
        "hostapd": places.HOSTAPD,
        "board_secret": places.BOARD_SECRET,
        "box_keys": places.KEYS,
        "keys": places.NGINX_KEYS,
        "leases": places.LEASES,
        "nftables": places.NFTABLES,
        "nginx": places.NGINX,
        "nginx_main": places.NGINX_MAIN,
        "opt": places.OPT,
        "program": places.PROGRAM,
        "run": places.RUN,
        "run_ap": places.RUN_AP,
        "run_lan": places.RUN_LAN,
        "run_nginx": places.RUN_NGINX,
        "static": places.STATIC,
        "till_socket": places.TILL_SOCKET,
        "timesync": places.TIMESYNC,
        "transfers_socket": places.TRANSFERS_SOCKET,
        "user": places.USER,
        "web_user": places.WEB_USER,
    }


def _network(settings: Settings, board: Board, channel: int) -> dict[str, Value]:
    own = settings.network
    lan = IPv4Network(f"{own.address}/24", strict=False)
    on = channel or own.channel or FIRST_CHANNEL[own.band]
    bears = board.radio.clients if board.radio else 0
    return {
        "lan": own.lan,
        "address": own.address,
        "buyers_listen": "80",
        "till_listen": "8443",
        "lan_network": str(lan),
        "dhcp_first": str(IPv4Address(int(lan.network_address) + _FIRST)),
        "dhcp_last": str(IPv4Address(int(lan.network_address) + _LAST)),
        "country": own.country,
        "five": own.band == "5",
        "channel": on,
        "ht40": "+" if on in (36, 44) else "-",
        "clients": own.clients or bears or 1,
        "ssid": settings.wifi.name or "stall",
        "password": settings.wifi.password,
        "wpa": bool(settings.wifi.password),
        "maker": own.maker,
        "lease_minutes": settings.captive.lease_minutes,
        "open_443": bool(settings.captive.https),
        "reject_443": not settings.captive.https and own.port_443 == "reject",
        "till_port": settings.web.till_port,
        "uplink": settings.captive.uplink,
        "uplink_rate_kb": own.uplink_rate_kb,
        "https": settings.captive.https,
    }


def _devices(settings: Settings) -> dict[str, Value]:
    """The terminal and the printer of the settings as udev sees them; a link that udev has nothing to do with gives none."""
    link = settings.reader.link if settings.reader else ""
    symlink, kernel = _SYMLINK.fullmatch(link), _KERNEL.fullmatch(link)
    usb = _USB.fullmatch(settings.printer.link) if settings.printer else None
    return {
        "reader_symlink": symlink[1] if symlink else "",
        "reader_kernel": kernel[1] if kernel else "",
        "printer_vendor": usb[1].lower() if usb else "",
        "printer_product": usb[2].lower() if usb else "",
    }
