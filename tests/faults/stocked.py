"""A stall ready to be mistreated: creator, box, cloud, packs, leases, made by the functions the commands call.

It is made where it is used: a folder that was copied from a template would be another box's database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stall import app
from stall import settings as settings_file
from stall.clock import Source, SystemClock
from stall.cloud import folder as cloud_folder
from stall.creator import delegations, keyring, leases, packs
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.confirm_clock import confirm_clock
from stall.flows.import_pack import import_pack
from stall.flows.switch_drop import open_drop
from stall.settings import Settings
from stall.store import journal
from stall.store.box import Box

PIN = "123456"
#: Free and numbered, priced and numbered, priced without numbers, free without numbers.
FREE, PRINTS, ZINE, GIFT = "free-numbers", "harbour-prints", "night-zine", "small-gift"
PRICES = {FREE: 0, PRINTS: 450, ZINE: 300, GIFT: 0}
#: Sizes of the editions, and how many of these numbers the box is leased at first; the rest is for later leases.
EDITIONS = {FREE: 30_000, PRINTS: 12_000}
LEASED = {FREE: 20_000, PRINTS: 8_000}
FILE_NAME, FILE_BYTES = "print.txt", b"Two views of the harbour before anybody was up.\n" * 200
_DAY_S = 86_400


@dataclass(frozen=True)
class Home:
    """Where everything of one stall lies. A twin has a box and a terminal of its own, and the creator and cloud of all."""

    root: Path
    twin: str = ""

    @property
    def own(self) -> Path:
        """The folder of what a twin has for itself."""
        return self.root / self.twin

    @property
    def box(self) -> Path:
        """The data folder of the box."""
        return self.own / "box"

    @property
    def terminal(self) -> Path:
        """The folder of the simulated terminal."""
        return self.own / "terminal"

    @property
    def books(self) -> Path:
        """The terminal's own books."""
        return self.terminal / "ledger.sqlite"

    @property
    def logs(self) -> Path:
        """What the processes said."""
        return self.own / "logs"

    @property
    def cloud(self) -> Path:
        """The data folder of the cloud."""
        return self.root / "cloud"

    def creator(self) -> Creator:
        """The creator, with the key."""
        return keyring.load(self.root / "creator")

    def manifest(self, drop: str) -> str:
        """The signed manifest of a drop."""
        return (self.root / "documents" / f"{drop}.jws").read_text(encoding="ascii")


class TrustedClock(SystemClock):
    """The system's clock, vouched for as by a time server."""

    def system_source(self) -> Source:
        """It is set from the network."""
        return Source.NTP


def make(root: Path, *, confirmed: bool = True) -> Home:
    """Make a stall with four drops that are all open.

    The maker has `confirmed` its clock, which then counts on by time since boot; or the system's clock is trusted.
    """
    home = Home(root)
    for folder in ("files", "documents", "terminal", "logs"):
        (root / folder).mkdir(parents=True)
    (root / "files" / FILE_NAME).write_bytes(FILE_BYTES)
    now_s = SystemClock().wall_ms() // 1000
    creator = keyring.new(root / "creator", "Salt & Paper")
    clock = TrustedClock()
    made = app.create_box(home.box, "Salt & Paper", pin=PIN, clock=clock)
    settings_file.save(home.box, Settings(name="Salt & Paper", cur="EUR"))
    cloud = cloud_folder.init(home.cloud, creator.did)
    tokens = [
        delegations.delegate(creator, made.did, "box", now_s=now_s),
        delegations.delegate(creator, cloud.key.did, "cloud", now_s=now_s),
    ]
    built = {drop: pack(home, creator, drop, now_s) for drop in PRICES}
    box = app.open_box(home.box, clock=clock)
    try:
        if confirmed:
            with box.db.transaction() as tx:
                confirm_clock(tx, now_s * 1000)
        _stock(home, box, tokens, list(built.values()))
    finally:
        box.close()
    return home


def lease_more(home: Home, box: Box, drop: str, count: int) -> list[tuple[int, int]]:
    """Let the creator lease the box as it is now more numbers, and accept that; give the ranges."""
    token = issue(home, drop, box.secrets.signing.thumbprint, journal.read_head(box.db.read()).epoch_text, count)
    with box.db.transaction() as tx:
        return list(accept_lease(tx, token).ranges)


def issue(home: Home, drop: str, thumbprint: str, epoch: str, count: int) -> str:
    """Let the creator sign a lease of the lowest free numbers to one epoch of a box."""
    now_s = SystemClock().wall_ms() // 1000
    return leases.issue(home.creator(), home.manifest(drop), thumbprint, epoch, now_s=now_s, count=count)


def pack(home: Home, creator: Creator, drop: str, now_s: int) -> BuiltPack:
    """Let the creator build the pack of a drop, and keep its manifest where `Home.manifest` finds it."""
    options = PackOptions(
        title=drop.replace("-", " ").title(),
        drop_id=drop,
        price_minor=PRICES[drop],
        edition=EDITIONS.get(drop),
        opens_s=now_s - _DAY_S,
        closes_s=now_s + 20 * _DAY_S,
    )
    out = home.root / "documents" / f"{drop}.stallpack"
    built = packs.build(home.root / "files", out, creator, options, now_s=now_s)
    (home.root / "documents" / f"{drop}.jws").write_text(built.token, encoding="ascii")
    return built


def _stock(home: Home, box: Box, tokens: Sequence[str], built: Sequence[BuiltPack]) -> None:
    with box.db.transaction() as tx:
        for token in tokens:
            accept_delegation(tx, token)
    for each in built:
        import_pack(box, each.path)
    for drop, count in LEASED.items():
        lease_more(home, box, drop, count)
    with box.db.transaction() as tx:
        for drop in PRICES:
            open_drop(tx, drop)
