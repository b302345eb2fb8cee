"""Makes the stall of a recording in a process of its own, and says after each step that it is done.

`python -m tests.faults.power.making ROOT LOG`: the box lies in ROOT/box, the creator beside it. What has been told
counts from then on: a power cut afterwards must not undo it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from stall import app
from stall import settings as settings_file
from stall.clock import SystemClock
from stall.creator import delegations, keyring, leases, packs
from stall.creator.packs import BuiltPack, PackOptions
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.confirm_clock import confirm_clock
from stall.flows.import_pack import import_pack
from stall.flows.switch_drop import open_drop
from stall.settings import Reader, Settings, Web
from stall.store import locks, migrations
from tests.faults.power.told import tell

#: Free and numbered, priced and numbered, priced without numbers: drop, price in minor units, edition.
FREE, PRINTS, ZINE = "free-numbers", "harbour-prints", "night-zine"
OFFERS = ((FREE, 0, 600), (PRINTS, 450, 90), (ZINE, 300, None))
PRICES = {drop: price for drop, price, _ in OFFERS}
#: Files of a pack, large enough that copying one takes several writes.
FILES = {"print.txt": b"Two views of the harbour before anybody was up.\n" * 400, "notes/empty.txt": b""}
PIN = "123456"
_DAY_S = 86_400


def make(root: Path, log: Path, port: int, till_port: int) -> None:
    """Create a box, save its settings, migrate, and stock it: the ways a maker's folder comes to be."""
    folder, now_s = root / "box", SystemClock().wall_ms() // 1000
    made = app.create_box(folder, "Salt & Paper", pin=PIN)
    tell(log, made=made.epoch)
    web = Web(port=port, till_port=till_port, address=f"http://127.0.0.1:{port}", threads=16)
    reader = Reader(link=f"serial:{root / 'port'}", profile="simulated", time_scale=0.1)
    tell(log, saving="Pier")
    settings_file.save(folder, Settings(name="Salt & Paper", place="Pier", web=web, reader=reader))
    tell(log, place="Pier")
    held = locks.own_run(folder)
    migrations.migrate(folder / "stall.sqlite")
    held.release()
    tell(log, migrated=True)
    creator = keyring.load(root / "creator")
    box = app.open_box(folder)
    try:
        with box.db.transaction() as tx:
            confirm_clock(tx, now_s * 1000)
            accept_delegation(tx, delegations.delegate(creator, made.did, "box", now_s=now_s))
        for drop, _, edition in OFFERS:
            path = root / "packs" / f"{drop}.stallpack"
            tell(log, imported=import_pack(box, path).drop_id)
            with box.db.transaction() as tx:
                if edition is not None:
                    token = (root / "packs" / f"{drop}.jws").read_text(encoding="ascii")
                    numbers = leases.issue(creator, token, made.thumbprint, made.epoch, now_s=now_s, count=edition)
                    accept_lease(tx, numbers)
                open_drop(tx, drop)
            tell(log, opened=drop)
    finally:
        box.close()


def build_packs(root: Path) -> None:
    """What the creator hands over: three signed packs, made outside the recorded folder."""
    for name, data in FILES.items():
        path = root / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    Image.new("RGB", (64, 48), (20, 74, 90)).save(root / "files" / "cover.png")
    (root / "packs").mkdir()
    creator = keyring.new(root / "creator", "Salt & Paper")
    now_s = SystemClock().wall_ms() // 1000
    for drop, price, edition in OFFERS:
        options = PackOptions(
            title=drop.replace("-", " ").title(),
            drop_id=drop,
            price_minor=price,
            edition=edition,
            opens_s=now_s - _DAY_S,
            closes_s=now_s + 20 * _DAY_S,
        )
        built: BuiltPack = packs.build(
            root / "files", root / "packs" / f"{drop}.stallpack", creator, options, now_s=now_s
        )
        (root / "packs" / f"{drop}.jws").write_text(built.token, encoding="ascii")


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
