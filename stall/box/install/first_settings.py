"""What the settings of a box need to be those of an appliance: where nginx asks, the address, the portal, a Wi-Fi, the country.

Only what nobody set is filled in; a box that was an appliance before keeps what it has, but for what is asked for by name.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from stall.box.config import places
from stall.errors import StallError
from stall.settings import Settings, Struct, Wifi
from stall.wire import wifi_qr

#: Short, apart from one another when they are said aloud, the same in every keyboard's plain letters. Nearly eight bits each.
_TEXT = (
    "amber apple april arrow aunt autumn badge baker bamboo banana barrel basket beach bell berry birch bird blanket blue board"
    " boat bonnet book boot bottle bread brick bridge broom brush bucket bullet button cabin cable cactus camel camera canal candle"
    " canoe carpet carrot castle cattle cedar chain chair chalk cherry chess chest circle circus clay clock cloud clover coast coffee"
    " comet copper coral corner cotton cousin cradle crayon cream cricket crown cube cup curtain daisy dance deck delta desert desk"
    " diamond dinner dish dolphin donkey door dove dragon dream drum eagle earth east echo eight elbow engine evening falcon farmer"
    " feather fence fern ferry field finger fire fish flag flame flower flute forest fork fossil fountain fox frame friday frost"
    " garden garlic gate ginger glass globe glove goat gold goose grape grass green guitar hammer harbor harvest hat hawk hazel hill"
    " honey hotel house iron island ivory jacket jar jelly jewel july june jungle kettle kitchen kite ladder lake lamp lantern lemon"
    " letter lily lime lion lizard lobster locket maple marble market meadow melon metal milk mint mirror monday monkey moon moss"
    " mountain mouse museum needle nest night noon north nut oak oat ocean olive onion orange orbit otter oven owl paddle palace"
    " panda paper parrot peach pearl pencil pepper piano picnic pigeon pillow pine pirate planet plum pocket pond pony poppy potato"
    " pumpkin puzzle rabbit radio rain raven river robin rocket rope rose saddle sail salt sand satin scarf school shell silver six"
    " snow"
)
WORDS = tuple(_TEXT.split())
PASSWORD_WORDS = 4
#: Where a system says in which country it stands, for its radio.
_COUNTRY = (
    ("/proc/cmdline", re.compile(r"\bcfg80211\.ieee80211_regdom=([A-Z]{2})\b")),
    ("/boot/firmware/cmdline.txt", re.compile(r"\bcfg80211\.ieee80211_regdom=([A-Z]{2})\b")),
    ("/etc/wpa_supplicant/wpa_supplicant.conf", re.compile(r'^country="?([A-Z]{2})\b', re.MULTILINE)),
    ("/etc/default/crda", re.compile(r'^REGDOMAIN="?([A-Z]{2})\b', re.MULTILINE)),
)
_DEFAULT = Settings()
S = TypeVar("S", bound=Struct)


def was_appliance(settings: Settings) -> bool:
    """Whether nginx stands in front already."""
    return bool(settings.web.socket)


def complete(
    settings: Settings, *, name: str = "", country: str = "", found_country: str = "", timezone: str = ""
) -> Settings:
    """The settings with what an appliance needs; `name` and `country` hold over what stands there. Raises ValueError."""
    network = settings.network
    if country or not network.country:
        network = made(network, country=country or found_country)
    named = made(settings, network=network, name=name or settings.name)
    if was_appliance(settings):
        return named
    address = settings.web.address if settings.web.address != _DEFAULT.web.address else f"http://{network.address}"
    wifi = settings.wifi
    if not wifi.name and network.lan.startswith("wl"):
        wifi = Wifi(wifi_name(named.name), password())
    web = made(settings.web, socket=places.BUYERS_SOCKET, address=address)
    captive = made(settings.captive, portal=address.startswith("http://"))
    zone = timezone if settings.timezone == _DEFAULT.timezone and timezone else settings.timezone
    return made(named, web=web, captive=captive, wifi=wifi, timezone=zone)


def made(settings: S, **other: object) -> S:
    """The same settings but for `other`, looked at as when they are read (msgspec's own `replace` does not look at a field's bounds)."""
    return msgspec.convert({**msgspec.structs.asdict(settings), **other}, type(settings), from_attributes=True)


def password(draw: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A password for the Wi-Fi, of words: everybody at the stall types it."""
    return "-".join(draw(WORDS) for _ in range(PASSWORD_WORDS))


def wifi_name(name: str) -> str:
    """The name of the Wi-Fi for a stall called `name`: of its letters those that every phone takes."""
    letters = unicodedata.normalize("NFKD", name)
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", "", letters).strip(" ._-")[:32].rstrip()
    try:
        wifi_qr.check(plain, "")
    except StallError:
        return "Stall"
    return plain


def system_country(root: Path) -> str:
    """The country this system is set to, or empty."""
    for place, sign in _COUNTRY:
        try:
            found = sign.search(places.under(root, place).read_text("utf-8", "replace"))
        except OSError:
            continue
        if found:
            return found[1]
    return ""


def system_timezone(root: Path) -> str:
    """The time zone this system is set to, or empty."""
    try:
        target = str(places.under(root, "/etc/localtime").readlink())
    except OSError:
        return ""
    return target.partition("/zoneinfo/")[2]
