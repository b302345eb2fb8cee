"""What buyers will see of packs before anybody signs them: the real pages, over a throw-away stall with a throw-away key.

Packs and folders are signed anew by a key that is gone afterwards, so nobody's own key is needed and nothing that is shown counts.
Everything lies in one temporary folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stall import app, disk
from stall import settings as settings_file
from stall.clock import Source, SystemClock
from stall.creator import delegations, keyring, leases, packs
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from stall.creator.survey import Survey
from stall.errors import Refused
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.confirm_clock import confirm_clock
from stall.flows.import_pack import import_pack
from stall.flows.switch_drop import open_drop
from stall.settings import Settings, Web
from stall.store import packfile
from stall.store.box import Box
from stall.wire.manifest import Manifest

HOST = "127.0.0.1"
DAY_S = 86_400
_LEASE_DAYS, _DELEGATED_DAYS = 30, 90
#: A pack is laid out, signed anew, taken in, and made the buyer's ZIP.
_COPIES = 4


@dataclass(frozen=True)
class Wish:
    """One drop to be shown: its files and what is offered. `looked` is the folder as it was looked through, if it was."""

    files: Path
    options: PackOptions
    looked: Survey | None = None


@contextlib.contextmanager
def room(total_bytes: int) -> Iterator[Path]:
    """Give a temporary folder with room for packs of so many bytes; it is gone afterwards. Raises Refused `preview-no-room`."""
    needed, free = _COPIES * total_bytes, shutil.disk_usage(tempfile.gettempdir()).free
    if free < needed:
        raise Refused(
            "preview-no-room",
            f"The preview needs {needed / 1e9:.1f} GB for a while and {tempfile.gettempdir()} has {free / 1e9:.1f} GB free."
            " Make room, or set TMPDIR to a folder that has it.",
        )
    with tempfile.TemporaryDirectory(prefix="stall-preview-") as made:
        yield Path(made)


def unpacked(pack: Path, into: Path, now_s: int) -> Wish:
    """Lay out a pack's files, each checked, and take over what it offers. Raises what `open_pack`, `Arriving.take` and `disk.whole_file` raise."""
    with packfile.open_pack(pack) as opened:
        for arriving in opened.arriving():
            target = into / arriving.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with disk.whole_file(target) as out:
                for chunk in arriving.take():
                    out.write(chunk)
        return Wish(into, _offered(opened.manifest, now_s))


def _offered(signed: Manifest, now_s: int) -> PackOptions:
    drop, price = signed.drop, next(iter(signed.price), None)
    of_role = {
        role: [glob.escape(file.path) for file in signed.files if file.role == role] for role in ("sample", "bonus")
    }
    covers = [file.path for file in signed.files if file.sha256 == drop.cover_sha256]
    return PackOptions(
        title=drop.title,
        price_minor=price.minor if price else 0,
        cur=price.cur if price else "EUR",
        opens_s=drop.window.nbf,
        closes_s=max(min(drop.window.exp, now_s + 700 * DAY_S), now_s + DAY_S),
        edition=drop.edition,
        kind=drop.kind,
        licence=drop.licence,
        drop_id=drop.id,
        cover=covers[0] if covers else None,
        desc=drop.listing.desc if drop.listing else "",
        lang=drop.listing.lang if drop.listing else "en",
        samples=of_role["sample"],
        bonus=of_role["bonus"],
        keep_gps=True,
    )


@contextlib.contextmanager
def shown(folder: Path, wishes: Sequence[Wish], name: str, port: int = 0) -> Iterator[list[str]]:
    """Serve the pages of drops on loopback until the block ends; give the address of each.

    Raises what building and importing a pack raise, Refused `port-in-use`.
    """
    from stall.web import serve

    now_s = SystemClock().wall_ms() // 1000
    with contextlib.ExitStack() as open_things:
        sock = open_things.enter_context(serve.listen(HOST, port))
        address = f"http://{HOST}:{sock.getsockname()[1]}"
        creator = keyring.new(folder / "creator", name, passphrase=None)
        made = app.create_box(folder / "box", name)
        own = Settings(name=name, cur=wishes[0].options.cur, web=Web(port=sock.getsockname()[1], address=address))
        settings_file.save(folder / "box", own)
        box = app.open_box(folder / "box", crowd=True)
        open_things.callback(box.close)
        _trust(box, delegations.delegate(creator, made.did, "box", now_s=now_s, days=_DELEGATED_DAYS, name=name))
        drops = [
            _stocked(box, creator, made, wish, folder / f"{number}.stallpack")
            for number, wish in enumerate(_apart(wishes))
        ]
        _serve(box, sock, open_things)
        yield [f"{address}/d/{drop}" for drop in drops]


def _apart(wishes: Sequence[Wish]) -> Iterator[Wish]:
    """Give a second version of a drop an id of its own, so that both can be looked at."""
    taken: set[str] = set()
    for number, wish in enumerate(wishes, 1):
        drop = wish.options.drop_id or packs.drop_id_of(wish.options.title)
        if drop in taken:
            drop = f"{drop[:56]}-{number}"
        taken.add(drop)
        yield dataclasses.replace(wish, options=dataclasses.replace(wish.options, drop_id=drop))


def _trust(box: Box, delegation: str) -> None:
    now_ms = SystemClock().wall_ms()
    with box.db.transaction() as tx:
        if tx.moment.source is Source.FLOOR:  # this machine's time will do to look at pages
            confirm_clock(tx, now_ms)
        accept_delegation(tx, delegation)


def _stocked(box: Box, creator: Creator, made: app.NewBox, wish: Wish, out: Path) -> str:
    now_s = SystemClock().wall_ms() // 1000
    built = packs.build(wish.files, out, creator, wish.options, now_s=now_s, looked=wish.looked)
    import_pack(box, out)
    out.unlink()
    drop = built.manifest.drop
    with box.db.transaction() as tx:
        if drop.edition is not None:
            accept_lease(tx, _numbers(creator, built, made, now_s))
        open_drop(tx, drop.id)
    return drop.id


def _numbers(creator: Creator, built: BuiltPack, made: app.NewBox, now_s: int) -> str:
    count = built.manifest.drop.edition or 0
    return leases.issue(creator, built.token, made.thumbprint, made.epoch, now_s=now_s, count=count, days=_LEASE_DAYS)


def _serve(box: Box, sock: socket.socket, open_things: contextlib.ExitStack) -> None:
    from stall.web import serve
    from stall.web.factory import create_buyer_app, shop_of

    pages = create_buyer_app(box)
    open_things.callback(shop_of(pages).stop)
    serving = serve.Serving(pages, sock, "preview", 4)
    open_things.callback(serving.stop)
