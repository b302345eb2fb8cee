"""The settings of one box: settings.toml in its data folder, every field typed, unknown ones refused.

Secrets never stand here; they are files of mode 0600 in the key folder.
"""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from stall import disk
from stall.domain import code_pages
from stall.domain.at_risk import Caps
from stall.errors import Broken, Refused
from stall.wire import wifi_qr

FILE = "settings.toml"
#: As the kernel takes them: 15 bytes, and nothing that would mean more in a file of another program.
_INTERFACE = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,14}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the settings tables."""


class Web(Struct, frozen=True):
    """Where `stall web` listens, and the address buyers reach it under.

    With `socket`, a unix socket, nginx stands in front: `host` and `port` are its business then.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    till_port: int = 8001
    address: str = "http://127.0.0.1:8000"
    threads: int = 64
    socket: str = ""


class Reader(Struct, frozen=True):
    """One card terminal; `link` is `serial:/dev/serial/by-id/…`, `tcp:host:port` or `rfcomm:address:channel`.

    `protocol` is `zvt` or `telium`; `line` how a serial line is set, like `9600 8N2`: empty for what the protocol says.
    `trace` writes what is said on the line to the log, without card data.
    """

    link: str
    protocol: str = "zvt"
    line: str = ""
    name: str = "Card reader"
    password: str = "000000"  # noqa: S105 - the factory setting of ZVT terminals, not a secret of ours
    profile: str = "standard"
    time_scale: Annotated[float, msgspec.Meta(ge=0.01, le=10)] = 1.0
    trace: bool = False

    def __post_init__(self) -> None:
        """Refuse a password no terminal has: it would only be told that the terminal refused."""
        if not (len(self.password) == 6 and self.password.isascii() and self.password.isdecimal()):  # noqa: PLR2004 - as the protocol has it
            raise ValueError("the password of [reader] is not six digits")


class Standalone(Struct, frozen=True):
    """A card reader of its own that the box cannot ask: somebody keys the amount in there and confirms it at the till."""

    name: str

    def __post_init__(self) -> None:
        """Refuse a name that fits on no button."""
        if not (1 <= len(self.name) <= 40 and self.name.isprintable() and self.name == self.name.strip()):  # noqa: PLR2004 - the width of a phone
            raise ValueError("the name of [standalone] is not 1 to 40 characters on one line")


class Printer(Struct, frozen=True):
    """The receipt printer; `link` is `usb:VENDOR:PRODUCT`, `serial:/dev/serial/by-id/…`, `tcp:host:port` or `file:path`.

    `code_page` is the table of letters it has, like `cp858`, or `raster`: then we draw all that is not ASCII. `auto` prints every
    receipt, `owner_slips` an owner code with every sale of an edition number; `drawer` opens the drawer on it when cash moves. `line` is how a serial line is set.
    """

    link: str
    width_mm: Literal[58, 80] = 58
    code_page: str = "cp858"
    qr: Literal["raster", "native"] = "raster"
    drawer: bool = False
    auto: bool = False
    owner_slips: bool = False
    line: str = "9600 8N1"

    def __post_init__(self) -> None:
        """Refuse a table of letters nobody knows: every word would come out as signs."""
        code_pages.read(self.code_page)


class Cloud(Struct, frozen=True):
    """Where the journal is uploaded to; `public` is the cloud's key, base64url."""

    url: str
    name: str
    public: str


class Disk(Struct, frozen=True):
    """Room on the data folder's disk, in MB (10^6 bytes): below `warn_mb` the till warns, below `stop_mb` selling stops."""

    warn_mb: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 1000
    stop_mb: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 200

    def __post_init__(self) -> None:
        """Refuse limits in the wrong order: the warning comes first."""
        if self.warn_mb < self.stop_mb:
            raise ValueError("warn_mb is below stop_mb: the till must warn before it stops")


class Till(Struct, frozen=True):
    """What the till offers and how it behaves: percents taken off or added with one press, the coins that cash is rounded to (minor units).

    After `lock_minutes` without a touch the screen locks; 0 is never.

    `address` is where phones and tablets reach it over TLS, `names` what else the box is called there, `socket` the
    unix socket between it and nginx; empty for the runtime folder of the service, and none without that. With `blind_count`
    nobody who counts the drawer sees before what it should hold.
    """

    lock_minutes: Annotated[int, msgspec.Meta(ge=0, le=1440)] = 10
    blind_count: bool = False
    returns_after_download: Literal["ask", "never"] = "ask"
    address: str = ""
    names: tuple[str, ...] = ()
    socket: str = ""
    discounts: tuple[Annotated[int, msgspec.Meta(ge=1, le=100)], ...] = (10, 20)
    tips: tuple[Annotated[int, msgspec.Meta(ge=1, le=100)], ...] = ()
    cash_rounding: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class Offline(Struct, frozen=True):
    """What the stall risks on cards approved without the bank: in minor units of its currency, payments and hours.

    0 of the first three: none is taken offline. A creator's own limits hold besides.
    """

    sale_minor: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 5_000
    total_minor: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 50_000
    count: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 100
    amber_h: Annotated[int, msgspec.Meta(ge=1, le=8_760)] = 24
    red_h: Annotated[int, msgspec.Meta(ge=1, le=8_760)] = 72

    def __post_init__(self) -> None:
        """Refuse limits in the wrong order: the warning comes first."""
        if self.amber_h > self.red_h:
            raise ValueError("amber_h is above red_h: the till must warn before it stops")

    @property
    def caps(self) -> Caps:
        """The same for the rules of selling."""
        return Caps(self.sale_minor, self.total_minor, self.count, self.amber_h, self.red_h)


class Captive(Struct, frozen=True):
    """How the stall's own Wi-Fi greets phones: `portal` answers what they ask of other names, by which they look for the internet.

    A client is known for `lease_minutes`. `uplink`: the box is online and lets these questions through. `https` is the address of
    `/captive/api` (RFC 8908) where the box has a certificate.
    """

    portal: bool = False
    lease_minutes: Annotated[int, msgspec.Meta(ge=1, le=10_080)] = 120
    uplink: bool = False
    https: str = ""

    def __post_init__(self) -> None:
        """Refuse an address that no phone would ask."""
        if self.https and not self.https.startswith("https://"):
            raise ValueError("https of [captive] is not an https address")


class Wifi(Struct, frozen=True):
    """The stall's own Wi-Fi as it stands on the screen and on posters. An empty name: the stall tells of none."""

    name: str = ""
    password: str = ""

    def __post_init__(self) -> None:
        """Refuse what some phone would not join from a code."""
        if not self.name:
            if self.password:
                raise ValueError("[wifi] has a password and no name")
            return
        try:
            wifi_qr.check(self.name, self.password)
        except Refused as error:
            raise ValueError(error.sentence) from error


class Network(Struct, frozen=True):
    """The network the box makes for buyers, on the appliance; elsewhere nothing reads it.

    `lan` is the interface: a radio (`wlan0`), or a cable to a travel router (`eth0`). `address` is the box's own on it, in a network of 254.
    `country` is where the radio stands, two letters: no radio sends without it. `band` is 2.4 or 5 (GHz); `channel` 0 picks the quietest;
    `clients` 0 is what the board's radio bears. `maker` is another interface, where the maker's phones and tablets are: the till then
    answers there, and not on the LAN. `port_443` refuses https at once or lets it hang; `uplink_rate_kb` is what each phone may send
    or get of its maker's question for the internet (kB/s) where the box has one.
    """

    lan: str = "wlan0"
    address: str = "192.0.2.1"
    country: str = ""
    band: Literal["2.4", "5"] = "2.4"
    channel: Annotated[int, msgspec.Meta(ge=0, le=48)] = 0
    clients: Annotated[int, msgspec.Meta(ge=0, le=250)] = 0
    maker: str = ""
    port_443: Literal["reject", "drop"] = "reject"
    uplink_rate_kb: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 30

    def __post_init__(self) -> None:
        """Refuse what would end in a configuration file as something else, or in a network nobody joins."""
        if not _INTERFACE.fullmatch(self.lan):
            raise ValueError("lan of [network] is no name of an interface, like wlan0")
        if self.maker and (not _INTERFACE.fullmatch(self.maker) or self.maker == self.lan):
            raise ValueError("maker of [network] is no name of another interface than lan, like eth0")
        if self.country and not _COUNTRY.fullmatch(self.country):
            raise ValueError("country of [network] is not two capital letters, like DE")
        try:
            own = IPv4Address(self.address)
        except ValueError as error:
            raise ValueError("address of [network] is no IPv4 address, like 192.0.2.1") from error
        if own.packed[3] != 1:
            raise ValueError("address of [network] does not end in .1: phones get .20 to .250")
        if own.is_loopback or own.is_link_local or own.is_multicast or own.packed[0] in {0, 255} or own.is_reserved:
            raise ValueError("address of [network] is none that phones can be lent, like 192.0.2.1 or 10.42.0.1")
        if self.channel not in ({0, 1, 6, 11} if self.band == "2.4" else {0, 36, 40, 44, 48}):
            raise ValueError("channel of [network] is not one of 1, 6 and 11 (band 2.4) or 36, 40, 44 and 48 (band 5)")


class Board(Struct, frozen=True):
    """What hangs on the pins of a Raspberry Pi, on the appliance; elsewhere nothing reads it.

    `clock` is a clock that goes on without power: the name of a chip on the I2C pins, or `charge` for the cell of a Pi 5, which must be one
    that may be charged. `off_button` is the pin (GPIO) of a button that shuts down, 0 for none.
    """

    clock: Literal["", "charge", "ds3231", "pcf8523"] = ""
    off_button: Annotated[int, msgspec.Meta(ge=0, le=27)] = 0

    def __post_init__(self) -> None:
        """Refuse two things on the same pins."""
        if self.clock not in {"", "charge"} and self.off_button in {2, 3}:
            raise ValueError("off_button of [board] is a pin of the clock, which needs 2 and 3: take another")


class Settings(Struct, frozen=True):
    """Everything a box can be told. The defaults make a stall on loopback without a reader or cloud.

    `timezone` is where the stall stands, like `Europe/Berlin`: buyers read its time of day.
    """

    name: str = "Stall"
    place: str = ""
    seller: str = ""
    cur: str = "EUR"
    vat_bp: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 1900
    timezone: str = "UTC"
    web: Web = Web()
    reader: Reader | None = None
    standalone: Standalone | None = None
    printer: Printer | None = None
    cloud: Cloud | None = None
    disk: Disk = Disk()
    till: Till = Till()
    offline: Offline = Offline()
    captive: Captive = Captive()
    wifi: Wifi = Wifi()
    network: Network = Network()
    board: Board = Board()
    mdns: bool = False
    mdns_interface: str = ""

    def __post_init__(self) -> None:
        """Refuse a time zone this machine does not know, and a portal that would lead phones to https: none follows it there."""
        try:
            self.zone()
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"this machine knows no timezone “{self.timezone}”; write it like Europe/Berlin"
            ) from error
        if self.captive.portal and not self.web.address.startswith("http://"):
            raise ValueError("portal of [captive] needs an address of [web] that begins with http://")

    def zone(self) -> tzinfo:
        """The time zone of the stall; UTC is known everywhere."""
        return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)

    def separate_reader(self) -> str:
        """What the till calls the card reader the box cannot ask. Raises Refused `standalone-missing`."""
        if self.standalone is None:
            raise Refused(
                "standalone-missing",
                "No separate card reader is set up on this box. Take cash, or name it in settings.toml under [standalone].",
            )
        return self.standalone.name


def load(folder: Path) -> Settings:
    """Read the settings of a data folder; an absent file means the defaults.

    Raises Broken `settings-malformed`, naming the field, and `settings-unreadable`.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise Broken(
            "settings-unreadable", f"{path} cannot be read ({error.strerror}). Check its owner and rights."
        ) from error
    try:
        return msgspec.toml.decode(data, type=Settings)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise Broken("settings-malformed", f"{path} is not right: {error}. Mend that line and start again.") from error


def save(folder: Path, settings: Settings) -> None:
    """Write the settings so that a power cut leaves either the old file or the new one."""
    with disk.whole_file(folder / FILE, 0o600) as file:
        file.write(to_toml(settings).encode())


def reader_table(own: Reader, **found: str) -> list[str]:
    """The lines of a [reader] table: what is no default, with what was `found` in its place."""
    usual = msgspec.to_builtins(Reader(link=""))
    told = msgspec.to_builtins(msgspec.structs.replace(own, **found))
    return ["[reader]", *(f"{key} = {_scalar(value)}" for key, value in told.items() if value != usual[key])]


def to_toml(settings: Settings) -> str:
    """The settings as the file has them. TOML by hand: two levels of tables of strings, numbers, booleans and lists of numbers are all we have."""
    top: list[str] = []
    tables: list[str] = []
    for name, value in msgspec.to_builtins(settings).items():
        if isinstance(value, dict):
            tables += ["", f"[{name}]", *(f"{key} = {_scalar(entry)}" for key, entry in value.items())]
        elif value is not None:
            top.append(f"{name} = {_scalar(value)}")
    return "\n".join([*top, *tables, ""])


def _scalar(value: object) -> str:
    """A TOML basic string is a JSON string without surrogates; numbers and booleans agree too."""
    return msgspec.json.encode(value).decode()
