"""`stall pack build`: from a folder of files to a signed pack, by options or, at a terminal, by answering questions."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands import given, interview, offered, progress, say, survey_table, versions
from stall.commands.offered import Offered
from stall.commands.signing import PASSPHRASE
from stall.domain import shown

if TYPE_CHECKING:
    from stall.creator.survey import Survey

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("build")
@click.argument("folder", type=FOLDER)
@click.option("--creator", "creator_folder", type=FOLDER, required=True, help="The creator's folder.")
@click.option("--out", type=FILE, help="The pack to write, like night.stallpack.")
@offered.options
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
@click.option("--yes", is_flag=True, help="Sign without asking once more.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def build(
    *,
    folder: Path,
    creator_folder: Path,
    out: Path | None,
    after: Path | None,
    rename: bool,
    boxes: tuple[str, ...],
    leases: tuple[str, ...],
    certificates: tuple[str, ...],
    revoked_from: str | None,
    passphrase_file: Path | None,
    yes: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Sign the files of FOLDER as one drop and write the pack.

    At a terminal, without --title or --price, it shows the files and asks for
    what was not given; the answers can be kept in FOLDER as stall.toml, which
    is never packed. Where photos and films were made is taken out of them on
    their way into the pack; your own files stay as they are.
    """
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import packs, survey

    context = click.get_current_context()
    named: versions.Named = {"box": boxes, "lease": leases, "cert": certificates}
    if revoked_from is not None and not any(named.values()):
        raise click.UsageError("Say what is revoked: --revoke-box, --revoke-lease or --revoke-certificate.")
    offer = offered.of(folder, typed)
    asking = (offer.title is None or offer.price is None) and not as_json and interview.at_terminal()
    if not asking:
        offer.missing(context)
        if out is None and (as_json or not interview.at_terminal()):
            raise click.UsageError("Missing --out.", context)
    creator = signing.opened(creator_folder, passphrase_file)
    now_s = SystemClock().wall_ms() // 1000
    if not asking:  # whatever is wrong with it is said before much is read
        offer.as_options(now_s)
    with progress.counting("Looking at the files") as counted:
        looked = survey.survey(folder, keep_gps=offer.keep_gps, progress=counted)
    if asking:
        out = _answered(offer, looked, folder, out)
    elif out is None:  # the folder's own file says the rest
        out = interview.out_file(offer.id or packs.drop_id_of(offer.title or ""))
    options = offer.as_options(
        now_s,
        after=_token_of(after, creator.did) if after else None,
        rename=rename,
        revoked=tuple(versions.revoked(creator, named, revoked_from, now_s)),
    )
    options = packs.with_passed_on(creator, options, now_s)
    changed = packs.changes(creator, options)
    if not as_json:
        versions.say_changes(changed, options)
        _say_notices(looked, offer)
    if asking and not yes:
        _confirmed(offer, out, folder)
    with progress.bar("Signing and packing") as seen:
        built = packs.build(folder, out, creator, options, now_s=now_s, progress=seen, looked=looked)
    versions.say_built(built, options, changed, as_json=as_json, looked=looked)


def _answered(offer: Offered, looked: Survey, folder: Path, out: Path | None) -> Path:
    """Show the files and ask; give where the pack goes."""
    from stall.creator import packs, roles

    cover = roles.cover(looked.found, offer.cover, looked.undrawn)
    kept = roles.of(looked.found, offer.sample, offer.bonus)
    columns = shutil.get_terminal_size().columns
    say.lines(*survey_table.lines(looked, kept, cover.path if cover else None, columns), "", err=True)
    interview.ask(offer, looked, folder)
    return out or interview.out_file(offer.id or packs.drop_id_of(offer.title or ""))


def _say_notices(looked: Survey, offer: Offered) -> None:
    for notice in survey_table.notices(looked, keep_gps=offer.keep_gps):
        say.paragraph(notice, err=True)


def _confirmed(offer: Offered, out: Path, folder: Path) -> None:
    """Ask for the last time; and whether the answers are kept for the next."""
    from stall.creator import answers

    for what, paths in (("Cover", (offer.cover,)), ("For anyone to see", offer.sample), ("On top", offer.bonus)):
        if any(paths):
            say.paragraph(f"{what}: {', '.join(map(shown.name, filter(None, paths)))}", err=True)
    if not click.confirm(f"Sign it and write {shown.name(str(out))}", default=True, err=True):
        raise click.Abort
    if click.confirm("Keep these answers with the files, to be asked nothing the next time", default=True, err=True):
        answers.keep(folder, dataclasses.asdict(offer))


def _token_of(path: Path, creator_did: str) -> str:
    from stall.store import packfile

    with packfile.open_pack(path, creator_did=creator_did) as opened:
        return opened.manifest_token
