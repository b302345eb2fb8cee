"""A creator with two boxes that sell one drop, numbered or open, and the night they close it; nothing is faked but the clock."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_bytes
from typing import Any

from stall import app
from stall.creator import closings, delegations, keyring, leases, packs, papers
from stall.creator.closings import Tally
from stall.creator.fates import Decided
from stall.creator.keyring import Creator
from stall.creator.packs import PackOptions
from stall.creator.papers import Export, Paper
from stall.creator.ranges import Range
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.begin_return import begin_return
from stall.flows.claim import redeem_order
from stall.flows.export_journal import export_journal
from stall.flows.pay_back import pay_back_cash
from stall.flows.record_pack import Prepared, record_pack
from stall.flows.settle_offline import decline_late, settle_one
from stall.flows.switch_drop import close_drop, open_drop
from stall.flows.take_cash import take_comp
from stall.store import attempts, claims, journal, readers, worth
from stall.wire import closing, jws, keys, manifest
from tests.fakes import home
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.stock import Stocked
from tests.flows import selling

NOW_S, DAY_S = START_MS // 1000, 86_400
DROP, TITLE, EDITION = "night-prints", "Night Prints", 12
LEASED: dict[str, Range] = {"one": (1, 5), "two": (6, 9)}
"""Numbers 10 to 12 are leased to nobody."""


@dataclass
class Scene:
    """The creator's folder, the pack, and the boxes by name, open and selling."""

    folder: Path
    boxes: dict[str, Stocked] = field(default_factory=dict)
    number: int = 0

    @property
    def creator(self) -> Creator:
        return keyring.load(self.folder / "creator")

    @property
    def pack(self) -> Path:
        return self.folder / "night.stallpack"

    @property
    def token(self) -> str:
        return (self.folder / "manifest.jws").read_text()

    def thumbprint(self, name: str) -> str:
        return self.boxes[name].box.secrets.signing.thumbprint

    def journal(self, name: str) -> Paper:
        """Export a box's journal."""
        self.boxes[name].clock.advance(2000)  # one checkpoint a second
        lines = [line.encode() for line in export_journal(self.boxes[name].box)]
        return Paper(f"{name}.jsonl", Export(lambda: iter(lines)))

    def journals(self) -> list[Paper]:
        return [self.journal(name) for name in self.boxes]

    def switch_off(self) -> None:
        """Close the drop on every box, as before any closing statement."""
        for stall in self.boxes.values():
            with stall.box.db.transaction() as tx:
                close_drop(tx, DROP)

    def tally(self, *more: Paper, journals: list[Paper] | None = None, **decided: Any) -> Tally:
        found = self.journals() if journals is None else journals
        return closings.tally(self.creator, self.token, [*found, *more], Decided(**decided), now_s=NOW_S + DAY_S)

    def close(self, *more: Paper, **decided: Any) -> tuple[Tally, str]:
        """Switch off, count and sign."""
        self.switch_off()
        counted = self.tally(*more, **decided)
        return counted, closings.sign(self.creator, counted, now_s=NOW_S + DAY_S)

    def paper(self, content: papers.Content) -> Paper:
        """A paper under a name of its own."""
        self.number += 1
        return Paper(f"paper-{self.number}", content)


def make(folder: Path, edition: int | None = EDITION) -> None:
    """Make a creator, a pack, two boxes, and lease them their numbers."""
    creator = keyring.new(folder / "creator", "Ada Prints")
    (folder / "files").mkdir()
    (folder / "files" / "night.txt").write_text("It was dark.\n")
    options = PackOptions(
        title=TITLE, price_minor=450, opens_s=NOW_S - DAY_S, closes_s=NOW_S + 20 * DAY_S, edition=edition, drop_id=DROP
    )
    built = packs.build(folder / "files", folder / "night.stallpack", creator, options, now_s=NOW_S - DAY_S)
    (folder / "manifest.jws").write_text(built.token)
    for name, numbers in LEASED.items():
        clock = FakeClock()
        app.create_box(folder / name, f"Stall {name}", pin="123456", clock=clock)
        box = app.open_box(folder / name, clock=clock)
        _supply(Stocked(box, clock, folder / name, creator.key), creator, built.token, numbers, edition)
        box.close()


def _supply(stall: Stocked, creator: Creator, token: str, numbers: Range, edition: int | None) -> None:
    box = stall.box
    given = delegations.delegate(creator, box.secrets.signing.did, "box", now_s=NOW_S - DAY_S, name=box.settings.name)
    signed = manifest.verify(token, {creator.thumbprint: creator.public})
    with box.db.transaction() as tx:
        accept_delegation(tx, given)
        record_pack(tx, signed, token, Prepared(None, "night.zip", 1, "00" * 32), "EUR")
        if edition is not None:
            epoch = journal.read_head(tx.conn).epoch_text
            accept_lease(
                tx,
                leases.issue(
                    creator, token, box.secrets.signing.thumbprint, epoch, now_s=NOW_S - 60, numbers=[numbers]
                ),
            )
        open_drop(tx, DROP)
        readers.report(tx, 1, "Reader", "ready", "Ready")


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[Scene]:
    """A scene of one's own, copied from one that was made before."""
    folder.mkdir()
    for part in ("creator", "night.stallpack", "manifest.jws"):
        copied = shutil.copytree if (template / part).is_dir() else shutil.copy
        copied(template / part, folder / part)
    scene = Scene(folder)
    try:
        for name in LEASED:
            home.copied(template / name, folder / name)
            clock = FakeClock()
            scene.boxes[name] = Stocked(
                app.open_box(folder / name, clock=clock), clock, folder / name, scene.creator.key
            )
        yield scene
    finally:
        for stall in scene.boxes.values():
            stall.box.close()


def sell(stall: Stocked, how: str = "cash", *, qty: int = 1) -> int:
    """Sell a copy: by cash, card, card read offline, or given free; return the sale."""
    stall.clock.advance(1000)
    sale = selling.basket(stall, DROP, qty=qty)
    if how == "cash":
        selling.cash(stall, sale)
    elif how == "comp":
        with stall.box.db.transaction() as tx:
            take_comp(tx, sale, 1, "maker")
    else:
        attempt = selling.ask(stall, sale)
        selling.send(stall, attempt)
        told = replace(selling.facts(offline=how == "offline"), amount_minor=450 * qty)
        selling.approve(stall, attempt, told)
        selling.pay(stall, attempt)
    return sale


def claim(stall: Stocked, sale: int, owner: str | None = None) -> list[dict[str, Any]]:
    """Open a sale's code; return its certificates."""
    with stall.box.db.transaction() as tx:
        redeem_order(tx, sale, token_bytes(16), owner)
    conn = stall.box.db.read()
    held = [worth.find(conn, one.certificate) for one in claims.certified(conn, sale)]
    return [one.document for one in held if one is not None]


def refund(stall: Stocked, sale: int, qty: int = 1) -> None:
    """Take a copy back for cash."""
    with stall.box.db.transaction() as tx:
        pay_back_cash(tx, begin_return(tx, sale, {0: qty}, reason="faulty"), 1, "maker")


def refuse(stall: Stocked, sale: int) -> None:
    """Let the bank refuse a payment that was read offline."""
    with stall.box.db.transaction() as tx:
        decline_late(tx, _attempt(stall, sale), "the bank said no")


def settle(stall: Stocked, sale: int) -> None:
    """Let a payment that was read offline arrive."""
    with stall.box.db.transaction() as tx:
        settle_one(tx, _attempt(stall, sale), "it was paid")


def _attempt(stall: Stocked, sale: int) -> int:

    return attempts.of_sale(stall.box.db.read(), sale)[0].no


def owner_key(n: int) -> keys.SigningKey:
    """A buyer's key."""
    return keys.SigningKey.from_seed(bytes([n]) * 32)


def epoch_of(stall: Stocked) -> str:
    """The epoch that runs on a box."""
    return journal.read_head(stall.box.db.read()).epoch_text


def closed_without(scene: Scene, name: str) -> tuple[Tally, str]:
    """Close the drop as if a box were lost, which then turns up again and sells on."""
    for other, stall in scene.boxes.items():
        if other != name:
            with stall.box.db.transaction() as tx:
                close_drop(tx, DROP)
    journals = [scene.journal(other) for other in scene.boxes if other != name]
    counted = scene.tally(journals=journals, lost=frozenset({scene.thumbprint(name)}))
    return counted, closings.sign(scene.creator, counted, now_s=NOW_S + DAY_S)


def forged(
    scene: Scene, token: str, *, st: str | None = None, by: keys.SigningKey | None = None, **changed: Any
) -> str:
    """Another statement by the same creator, who went round the ledger."""
    plain = jws.unverified_claims(token) | changed
    if st is not None:
        plain["editions"] = [{"ed": entry["ed"], "st": st} for entry in plain["editions"]]
    return jws.sign(by or scene.creator.key, closing.TYP, plain)
