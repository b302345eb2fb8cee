"""`stall lease`: the creator hands edition numbers to boxes."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from stall.commands import given, say
from stall.commands.signing import PASSPHRASE


@click.group()
def lease() -> None:
    """Hand out edition numbers, each to one box only."""


@lease.command("issue")
@click.option(
    "--creator", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="The creator's folder."
)
@click.option(
    "--pack", "pack_file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The drop's pack."
)
@click.option(
    "--box",
    "recipient",
    required=True,
    metavar="DID|THUMBPRINT|FILE",
    callback=given.no_folder,
    help="The box: its did or thumbprint, or a file from `stall keys show --json`.",
)
@click.option("--epoch", help="Epoch of the box's database; read from the file if --box names one.")
@click.option("--count", type=click.IntRange(1), help="This many of the lowest free numbers.")
@click.option("--numbers", metavar="RANGES", help="These numbers, like 1-25,40.")
@click.option(
    "--again",
    metavar="RANGES",
    help="Numbers this box was leased before and, you are sure, did not sell.",
)
@click.option(
    "--days", type=click.IntRange(1, 30), default=30, show_default=True, help="How long the box may sell them."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the lease.")
@PASSPHRASE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def issue(
    *,
    folder: Path,
    pack_file: Path,
    recipient: str,
    epoch: str | None,
    count: int | None,
    numbers: str | None,
    again: str | None,
    days: int,
    out: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign a lease of numbers of a limited drop to one box and write it to --out."""
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import handover, leases, ranges, recipients
    from stall.errors import Refused
    from stall.store import packfile
    from stall.wire import lease as leased

    if not (count or numbers or again):
        raise click.UsageError("Say which numbers: --count 25, --numbers 1-25,40 or --again 7.")
    handover.check_free(out)
    creator = signing.opened(folder, passphrase_file)
    to = recipients.read(recipient)
    epoch = epoch or to.epoch
    if epoch is None:
        raise Refused(
            "lease-needs-epoch", "A lease names the epoch of the box's database. Give --epoch (stall keys show)."
        )
    with packfile.open_pack(pack_file, creator_did=creator.did) as opened:
        token = leases.issue(
            creator,
            opened.manifest_token,
            to.thumbprint,
            epoch,
            now_s=SystemClock().wall_ms() // 1000,
            count=count or 0,
            numbers=ranges.parse(numbers) if numbers else (),
            again=ranges.parse(again) if again else (),
            days=days,
        )
        title = opened.manifest.drop.title
    handover.write(out, token)
    document = leased.verify(token, {creator.key.thumbprint: creator.key.public})
    if as_json:
        facts = {"file": str(out), "drop": document.drop, "lease_seq": document.lease_seq, "ranges": document.ranges}
        say.facts(facts)
        return
    say.line(
        f"Wrote {out}: numbers {ranges.text(document.ranges)} of “{title}” for one box. There, once the pack is imported:"
    )
    say.line(f"  stall accept --data BOX {shlex.quote(str(out))}")
