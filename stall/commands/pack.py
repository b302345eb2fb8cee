"""`stall pack`: build a pack on the laptop, check one anywhere, import one on the box."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands.signing import PASSPHRASE

if TYPE_CHECKING:
    from stall.creator.packs import BuiltPack, Kind, PackOptions
    from stall.wire.manifest import Manifest

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
DAY_S = 86_400


@click.group()
def pack() -> None:
    """Make, check and import packs: the files of a drop with their signed manifest."""


@pack.command("build")
@click.argument("folder", type=FOLDER)
@click.option("--creator", "creator_folder", type=FOLDER, required=True, help="The creator's folder.")
@click.option("--out", type=FILE, required=True, help="The pack to write, like night.stallpack.")
@click.option("--title", required=True, help="What buyers read.")
@click.option("--price", required=True, help="Price of one copy, like 4.50; 0 gives it away.")
@click.option("--currency", default="EUR", show_default=True, help="Currency of the price.")
@click.option("--edition", type=click.IntRange(1, 100_000), help="How many numbered copies; without it, no numbers.")
@click.option("--kind", type=click.Choice(["limited", "open", "timed", "free"]), help="Follows from edition and price.")
@click.option("--window-days", type=click.IntRange(1, 730), default=90, show_default=True, help="How long it is sold.")
@click.option("--licence", default="For private use", show_default=True, help="What a buyer may do, in one sentence.")
@click.option("--desc", default="", help="What the page says about it.")
@click.option("--lang", default="en", show_default=True, help="Language of the description.")
@click.option("--id", "drop_id", help="The drop's id; made from the title if not given.")
@click.option("--cover", help="The cover's path in FOLDER; cover.* or the first picture if not given.")
@click.option("--sample", "samples", multiple=True, metavar="PATTERN", help="Files anyone may see, like previews/*.")
@click.option("--bonus", multiple=True, metavar="PATTERN", help="Files that come on top.")
@click.option("--after", type=FILE, help="The pack of the version this one replaces.")
@PASSPHRASE
@JSON
def build(
    *,
    folder: Path,
    creator_folder: Path,
    out: Path,
    title: str,
    price: str,
    currency: str,
    edition: int | None,
    kind: Kind | None,
    window_days: int,
    licence: str,
    desc: str,
    lang: str,
    drop_id: str | None,
    cover: str | None,
    samples: tuple[str, ...],
    bonus: tuple[str, ...],
    after: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign the files of FOLDER as one drop and write the pack."""
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import packs
    from stall.domain import money

    creator = signing.opened(creator_folder, passphrase_file)
    now_s = SystemClock().wall_ms() // 1000
    options = packs.PackOptions(
        title=title,
        price_minor=money.parse(price, currency),
        cur=currency,
        opens_s=now_s,
        closes_s=now_s + window_days * DAY_S,
        edition=edition,
        kind=kind,
        licence=licence,
        desc=desc,
        lang=lang,
        drop_id=drop_id,
        cover=cover,
        samples=samples,
        bonus=bonus,
        after=_token_of(after, creator.did) if after else None,
    )
    with _bar("Signing and packing") as seen:
        built = packs.build(folder, out, creator, options, now_s=now_s, progress=seen)
    _say_built(built, options, as_json=as_json)


def _token_of(path: Path, creator_did: str) -> str:
    from stall.store import packfile

    with packfile.open_pack(path, creator_did=creator_did) as opened:
        return opened.manifest_token


def _say_built(built: BuiltPack, options: PackOptions, *, as_json: bool) -> None:
    drop = built.manifest.drop
    for name in built.skipped:
        click.echo(f"left out: {name}", err=True)
    if as_json:
        facts = {"file": str(built.path), "drop": drop.id, "ver": built.manifest.ver, "manifest": built.manifest_hash}
        click.echo(json.dumps({**facts, "files": len(built.manifest.files), "bytes": built.total_bytes}))
        return
    click.echo(f"Wrote {built.path}: {_described(built.manifest)}")
    if drop.cover_sha256 is None and options.cover is None:
        click.echo("It has no cover: put a picture called cover.jpg into the folder to give it one.")


@pack.command("verify")
@click.argument("file", type=FILE)
@click.option("--creator-did", help="Only accept a pack of this creator.")
@JSON
def verify(file: Path, creator_did: str | None, as_json: bool) -> None:
    """Check every byte of the pack FILE against its creator's signature."""
    from stall.store import packfile

    with packfile.open_pack(file, creator_did) as opened:
        with _bar("Checking") as seen:
            count = _counted(seen, opened.total_bytes)
            for entry in opened.entries:
                opened.check(entry, count)
        signed, total = opened.manifest, opened.total_bytes
    if as_json:
        facts = {"ok": True, "creator": signed.iss, "drop": signed.drop.id, "ver": signed.ver}
        click.echo(json.dumps({**facts, "files": len(signed.files), "bytes": total}))
        return
    click.echo(f"All of it is as its creator signed it: {_described(signed)}\nSigned by {signed.iss}")


@pack.command("import")
@click.argument("file", type=FILE)
@click.option("--data", type=FOLDER, required=True, help="Data folder of the box.")
@JSON
def import_(file: Path, data: Path, as_json: bool) -> None:
    """Take the pack FILE into a box, checking every byte. The drop is opened apart: stall drop open."""
    from stall.app import open_box
    from stall.domain.drop import Offer
    from stall.flows.import_pack import import_pack
    from stall.store import catalogue

    box = open_box(data)
    try:
        before = {card.drop_id: card.offer for card in catalogue.cards(box.db.read(), box.now_ms())}
        total = 2 * file.stat().st_size if file.is_file() else 0
        with _bar("Checking and storing") as seen:
            done = import_pack(box, file, _counted(seen, total))
            seen(total, total)
    finally:
        box.close()
    if as_json:
        facts = {"drop": done.drop_id, "ver": done.ver, "files": done.files, "bytes": done.bytes, "new": done.new}
        click.echo(json.dumps(facts))
        return
    if not done.new:
        click.echo(f"“{done.title}”, version {done.ver}, was here already. Nothing was changed.")
        return
    click.echo(f"Imported “{done.title}”, version {done.ver}: {_files(done.files)}.")
    if before.get(done.drop_id, Offer.PAUSED) is Offer.PAUSED:  # a new version of an open drop sells on at once
        click.echo(f"Open it: stall drop open --data {shlex.quote(str(data))} {done.drop_id}")


def _described(signed: Manifest) -> str:
    from stall.domain import money

    drop = signed.drop
    copies = f"{drop.edition} numbered copies" if drop.edition else "without numbers"
    prices = ", ".join(money.text(price.minor, price.cur) for price in signed.price)
    size = sum(file.size for file in signed.files) / 1_000_000
    return f"“{drop.title}” ({drop.id}), version {signed.ver}: {_files(len(signed.files))}, {size:.1f} MB, {copies}, {prices}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


@contextlib.contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a callback (bytes done, bytes in all) that draws a progress bar on standard error, if somebody looks."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with contextlib.ExitStack() as stack:
        advance: list[Callable[[int], None]] = []
        drawn = 0

        def seen(done: int, total: int) -> None:
            nonlocal drawn
            if not advance:
                bar = click.progressbar(length=max(total, 1), label=label, file=sys.stderr, show_eta=False)
                advance.append(stack.enter_context(bar).update)
            advance[0](done - drawn)
            drawn = done

        yield seen


def _counted(seen: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        seen(min(done, total), total)

    return count
