"""`stall keys sheet`, `recover` and `passphrase`: a creator's key on paper, back from paper, and sealed anew."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import say
from stall.commands.signing import PASSPHRASE

if TYPE_CHECKING:
    from stall.creator.keyring import Creator

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
CHOSEN = click.option(
    "--passphrase-file",
    type=FILE,
    help="A file with the passphrase to seal it with; else the variable STALL_PASSPHRASE, or you are asked.",
)
NO_PASSPHRASE = click.option("--no-passphrase", is_flag=True, help="Keep the key as a file that opens by itself.")
LINES = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
MOST_TEXT = 65_536


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--out", type=FILE, help="Write it there: a page to print if the name ends in .html, else text.")
@click.option(
    "--check", is_flag=True, help="Type a printed sheet back and hear whether it is right; needs no passphrase."
)
@click.option("--lines", type=LINES, help="With --check: a file with the lines, or -.")
@PASSPHRASE
def sheet(folder: Path, out: Path | None, check: bool, lines: Path | None, passphrase_file: Path | None) -> None:
    """Print the recovery sheet of the creator's key in FOLDER. Who has the sheet has the key."""
    from stall.commands import signing
    from stall.creator import handover, keyring
    from stall.creator import sheet as sheets

    if check:
        keyring.show(folder)
        found = keyring.check_seed(folder, seed_of(lines))
        say.line(f"The sheet is right: it brings back the key of {found.name}.")
        return
    if out is not None:
        handover.check_free(out)
    opened = signing.opened(folder, passphrase_file)
    if out is None:
        say.lines(*sheets.as_text(sheets.of(opened, today())).splitlines())
        return
    write_sheet(opened, out)


@click.command()
@click.option("--out", type=FOLDER, required=True, help="The creator's folder: a new one, or the key's own.")
@click.option("--name", help="The creator's name, where the folder does not hold it.")
@click.option("--lines", type=LINES, help="A file with the lines, or -; you type them if not given.")
@CHOSEN
@NO_PASSPHRASE
@JSON
def recover(
    *,
    out: Path,
    name: str | None,
    lines: Path | None,
    passphrase_file: Path | None,
    no_passphrase: bool,
    as_json: bool,
) -> None:
    """Bring a creator's key back from its recovery sheet, sealed anew."""
    from stall.creator import keyring, ledger

    keyring.check_no_box(out)
    keyring.recovered_name(out, name)
    seed = seed_of(lines)
    keyring.check_recovery(out, seed)
    only_locked = (out / keyring.KEY_FILE).exists()
    back = keyring.recover(out, seed, name, chosen(out, passphrase_file, no_passphrase))
    if not only_locked and not (out / ledger.FILE).exists():
        say.line(
            "warning: A sheet brings the key back, not the ledger of what it delegated and leased, and this folder has none. If"
            f" the key leased numbers before, put {ledger.FILE} back from your backup before it leases any again.",
            err=True,
        )
    if as_json:
        facts = {"did": back.did, "thumbprint": back.thumbprint, "fingerprint": back.fingerprint, "name": back.name}
        say.facts(facts)
        return
    say.line(
        f"The key of {back.name} is back in {out}. Its fingerprint, to compare with the sheet:\n{back.fingerprint}"
    )


@click.command()
@click.argument("folder", type=FOLDER)
@PASSPHRASE
@click.option("--new-passphrase-file", type=FILE, help="A file with the new passphrase; you are asked if not given.")
@NO_PASSPHRASE
def passphrase(
    folder: Path, passphrase_file: Path | None, new_passphrase_file: Path | None, no_passphrase: bool
) -> None:
    """Change the passphrase of the creator's key in FOLDER, or give it one. It stays the same key."""
    from stall.commands import signing
    from stall.creator import keyring
    from stall.creator import passphrase as passphrases
    from stall.errors import Refused

    _one_of(no_passphrase, new_passphrase_file)
    opened = signing.opened(folder, passphrase_file, changing=True)
    new = None if no_passphrase else passphrases.chosen(new_passphrase_file, changing=True)
    if new is None and not no_passphrase:
        raise Refused(
            "passphrase-new-needed",
            "Nobody is here to type a new passphrase. Give --new-passphrase-file, or --no-passphrase to have none.",
        )
    keyring.seal(opened, new)
    say.line(
        f"The key of {opened.name} "
        + (
            "has no passphrase any more: whoever reads its file can sign."
            if new is None
            else "opens with the new passphrase."
        )
        + " Backups of the folder made before still open as they did."
    )


def chosen(folder: Path, passphrase_file: Path | None, no_passphrase: bool) -> str | None:
    """The passphrase for a key about to be written into `folder`; says so where it will have none."""
    from stall.creator import passphrase as passphrases

    _one_of(no_passphrase, passphrase_file)
    if no_passphrase:
        return None
    found = passphrases.chosen(passphrase_file)
    if found is None:
        say.line(
            "warning: The key has no passphrase, for nobody was here to type one. Give it one with:"
            f" stall keys passphrase {shlex.quote(str(folder))}",
            err=True,
        )
    return found


def write_sheet(opened: Creator, out: Path) -> None:
    """Write the recovery sheet of an opened key and say what to do with it."""
    from stall.creator import sheet as sheets

    sheets.write(sheets.of(opened, today()), out)
    say.line(f"Wrote the recovery sheet to {out}. Print it, then delete the file: it holds the key.", err=True)


def today() -> str:
    """The day as a sheet bears it."""
    from stall.clock import SystemClock

    return datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC).date().isoformat()


def seed_of(lines: Path | None) -> bytes:
    """Read the four lines of a sheet, or ask for them one by one; a line that does not fit is asked for again."""
    from stall.wire import recovery

    if lines is not None:
        return recovery.decode(recovery.lines_of(_text(lines)))
    return recovery.decode([_asked(number) for number in range(1, recovery.LINES + 1)])


def _text(path: Path) -> str:
    from stall.commands import files

    try:
        with click.open_file(str(path), errors="replace") as file:  # a pipe may be just what the lines come out of
            return str(file.read(MOST_TEXT))
    except OSError as error:
        raise files.unreadable(path, error) from error


def _asked(number: int) -> str:
    from stall.errors import Refused
    from stall.wire import recovery

    while True:
        typed = click.prompt(f"Line {number}", err=True)
        try:
            recovery.read_line(number, typed)
        except Refused as refusal:
            say.line(refusal.sentence, err=True)
        else:
            return str(typed)


def _one_of(no_passphrase: bool, file: Path | None) -> None:
    if no_passphrase and file is not None:
        raise click.UsageError("Give either a passphrase file or --no-passphrase.")
