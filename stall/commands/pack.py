"""`stall pack`: build a pack on the laptop, check one anywhere, import one on the box."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import given, progress, say, versions
from stall.commands.pack_import import import_
from stall.commands.signing import PASSPHRASE

if TYPE_CHECKING:
    from stall.creator.packs import Kind

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
DAY_S = 86_400


@click.group()
def pack() -> None:
    """Make, check and import packs: the files of a drop with their signed manifest.

    \b
    From a folder of files to the first sale, in this order:
      on the box      stall keys new box --data BOX
                      stall keys show BOX --json > box.json
      on the laptop   stall keys new creator --out ME --name NAME
                      stall delegate --creator ME --box box.json --out box.delegation
                      stall pack build FILES --creator ME --title TITLE --price 4.50
                            --edition 20 --out night.stallpack
                      stall lease issue --creator ME --pack night.stallpack
                            --box box.json --count 20 --out box.lease
      on the box      stall clock confirm --data BOX
                      stall accept --data BOX box.delegation
                      stall pack import --data BOX night.stallpack
                      stall accept --data BOX box.lease
                      stall drop open --data BOX DROP
    A drop without --edition needs no lease.
    """


@pack.command("build")
@click.argument("folder", type=FOLDER)
@click.option("--creator", "creator_folder", type=FOLDER, required=True, help="The creator's folder.")
@click.option("--out", type=FILE, required=True, help="The pack to write, like night.stallpack.")
@click.option("--title", required=True, help="What buyers read.")
@click.option("--price", required=True, help="Price of one copy, like 4.50; 0 gives it away.")
@click.option("--currency", default="EUR", show_default=True, help="Currency of the price.")
@click.option("--edition", type=click.IntRange(1, 100_000), help="How many numbered copies; without it, no numbers.")
@click.option("--kind", type=click.Choice(["limited", "open", "timed", "free"]), help="Follows from edition and price.")
@click.option(
    "--opens", metavar="TIME", help="When its sale begins, in UTC, like 2026-11-21 14:05; at once if not given."
)
@click.option("--window-days", type=click.IntRange(1, 730), default=90, show_default=True, help="How long it is sold.")
@click.option("--licence", default="For private use", show_default=True, help="What a buyer may do, in one sentence.")
@click.option("--desc", default="", help="What the page says about it.")
@click.option("--lang", default="en", show_default=True, help="Language of the description.")
@click.option("--id", "drop_id", help="The drop's id; made from the title if not given.")
@click.option("--cover", help="The cover's path in FOLDER; cover.* or the first picture if not given.")
@click.option("--sample", "samples", multiple=True, metavar="PATTERN", help="Files anyone may see, like previews/*.")
@click.option("--bonus", multiple=True, metavar="PATTERN", help="Files that come on top.")
@click.option("--after", type=FILE, help="The pack of the version this one replaces.")
@click.option("--rename", is_flag=True, help="With --after: a limited drop may get another title.")
@click.option(
    "--revoke-box",
    "boxes",
    multiple=True,
    metavar="DID|THUMBPRINT|FILE",
    callback=given.no_folders,
    help="With --after: nothing of yours that this box signs counts any more. May be given again.",
)
@click.option(
    "--revoke-lease",
    "leases",
    multiple=True,
    metavar="FILE|NAME|JTI",
    callback=given.no_folders,
    help="With --after: no number is sold under this lease any more. May be given again.",
)
@click.option(
    "--revoke-certificate",
    "certificates",
    multiple=True,
    metavar="FILE|NAME",
    callback=given.no_folders,
    help="With --after: this certificate counts no more. May be given again.",
)
@click.option(
    "--revoked-from", metavar="TIME", help="When that begins, in UTC, like 2026-11-21 14:05; now if not given."
)
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
    opens: str | None,
    window_days: int,
    licence: str,
    desc: str,
    lang: str,
    drop_id: str | None,
    cover: str | None,
    samples: tuple[str, ...],
    bonus: tuple[str, ...],
    after: Path | None,
    rename: bool,
    boxes: tuple[str, ...],
    leases: tuple[str, ...],
    certificates: tuple[str, ...],
    revoked_from: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign the files of FOLDER as one drop and write the pack."""
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import packs, revocations
    from stall.domain import money

    named: versions.Named = {"box": boxes, "lease": leases, "cert": certificates}
    if revoked_from is not None and not any(named.values()):
        raise click.UsageError("Say what is revoked: --revoke-box, --revoke-lease or --revoke-certificate.")
    creator = signing.opened(creator_folder, passphrase_file)
    now_s = SystemClock().wall_ms() // 1000
    opens_s = now_s if opens is None else revocations.read_time(opens)
    options = packs.PackOptions(
        title=title,
        price_minor=money.parse(price, currency),
        cur=currency,
        opens_s=opens_s,
        closes_s=opens_s + window_days * DAY_S,
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
        rename=rename,
        revoked=tuple(versions.revoked(creator, named, revoked_from, now_s)),
    )
    changed = packs.changes(creator, options)
    if not as_json:
        versions.say_changes(changed, options)
    with progress.bar("Signing and packing") as seen:
        built = packs.build(folder, out, creator, options, now_s=now_s, progress=seen)
    versions.say_built(built, options, changed, as_json=as_json)


def _token_of(path: Path, creator_did: str) -> str:
    from stall.store import packfile

    with packfile.open_pack(path, creator_did=creator_did) as opened:
        return opened.manifest_token


@pack.command("verify")
@click.argument("file", type=FILE)
@click.option("--creator-did", callback=given.creator, help="Only accept a pack of this creator.")
@JSON
def verify(file: Path, creator_did: str | None, as_json: bool) -> None:
    """Check every byte of the pack FILE against its creator's signature."""
    from stall.store import packfile

    with packfile.open_pack(file, creator_did) as opened:
        with progress.bar("Checking") as seen:
            count = progress.counted(seen, opened.total_bytes)
            for entry in opened.entries:
                opened.check(entry, count)
        signed, total = opened.manifest, opened.total_bytes
    if as_json:
        facts = {"creator": signed.iss, "drop": signed.drop.id, "ver": signed.ver}
        say.facts({**facts, "files": len(signed.files), "bytes": total})
        return
    say.lines(f"All of it is as its creator signed it: {versions.described(signed)}", f"Signed by {signed.iss}")


pack.add_command(import_)
