"""`stall close`: the creator says what became of every copy of a drop that is over, once and for good."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands import given, say
from stall.commands.signing import PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stall.creator.closings import Tally
    from stall.creator.copies import Told
    from stall.creator.fates import Decided, Fate
    from stall.creator.keyring import Creator
    from stall.creator.papers import Paper

CREATOR = click.option(
    "--creator", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="The creator's folder."
)
PACK = click.option(
    "--pack",
    "pack_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The drop's newest pack.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_ORDER = ("sold", "burned", "unsold", "artist")
_CALLED = {"artist": "kept"}


@click.group()
def close() -> None:
    """Close a drop for good: say what became of every copy, sign its certificates, name what counts no more."""


@close.command("make")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@CREATOR
@PACK
@click.option("--artist", metavar="RANGES", help="Numbers you keep yourself, like 1,2 or 48-50.")
@click.option(
    "--lost",
    multiple=True,
    metavar="DID|THUMBPRINT|FILE",
    callback=given.no_folders,
    help="A box that is lost: what its journal does not show to be sold is burned. May be given again.",
)
@click.option("--earliest", is_flag=True, help="Of a number two boxes sold, the sale journaled first holds.")
@click.option(
    "--keep",
    multiple=True,
    metavar="NUMBER=RECEIPT",
    callback=lambda _context, _option, texts: dict(_kept(text) for text in texts),
    help="Of a number two boxes sold, this receipt (or certificate) holds it. May be given again.",
)
@click.option(
    "--leave-unclaimed", is_flag=True, help="Open editions: leave out copies that were sold and never claimed."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the statement."
)
@click.option("--yes", is_flag=True, help="Sign without asking.")
@PASSPHRASE
@JSON
def make(
    *,
    files: tuple[Path, ...],
    folder: Path,
    pack_file: Path,
    artist: str | None,
    lost: tuple[str, ...],
    earliest: bool,
    keep: dict[int, str],
    leave_unclaimed: bool,
    out: Path,
    yes: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign the closing statement of a drop, from the exported journals of all its boxes and other papers in FILES.

    Nothing of the drop is leased or sold afterwards, and no other statement of it may ever say something else. What will be
    signed is shown first.
    """
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import closings, handover, ranges, recipients
    from stall.creator.fates import Decided
    from stall.store import packfile

    handover.check_free(out)
    creator = signing.opened(folder, passphrase_file)
    decided = Decided(
        lost=frozenset(recipients.read(one).thumbprint for one in lost),
        artist=ranges.parse(artist) if artist else (),
        keep=keep,
        earliest=earliest,
        unclaimed=leave_unclaimed,
    )
    now_s = SystemClock().wall_ms() // 1000
    with packfile.open_pack(pack_file, creator_did=creator.did) as opened:
        token = opened.manifest_token
    counted = closings.tally(creator, token, papers_in(files), decided, now_s=now_s)
    if not as_json:
        say.lines(*_table(counted))
    _ask(yes=yes, as_json=as_json)
    signed = closings.sign(creator, counted, now_s=now_s)
    handover.write(out, signed)
    listed = _write_list(out, counted)
    if as_json:
        say.facts(_facts(counted, decided, out, listed))
        return
    say.line(f"Wrote {out}. Put it where everybody finds it, and give it to each box of the drop:")
    say.line(f"  stall accept --data BOX {shlex.quote(str(out))}")
    if listed is not None:
        say.line(f"It has more copies than it can list, so it names their root. The list itself is in {listed}.")
    say.line("Then sign the certificates yourself: stall close certificates --help")


@close.command("certificates")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@CREATOR
@click.option(
    "--close",
    "statement",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Your closing statement of the drop.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the ZIP of them."
)
@PASSPHRASE
@JSON
def certificates(
    *, files: tuple[Path, ...], folder: Path, statement: Path, out: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Sign the certificates in FILES by your own hand, those that count by your closing statement.

    FILES are certificates or ZIPs of them, as `stall drop certificates` writes on a box. With the boxes' newest journals among
    them, certificates of copies that were claimed after the closing are signed too. Nothing hangs on a box afterwards.
    """
    import json

    from stall import disk
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import chains, countersigning, handover, zips

    handover.check_free(out)
    creator = signing.opened(folder, passphrase_file)
    ended = countersigning.read_close(creator, _token(statement))
    entries = countersigning.entries_of(ended, _listed(statement) if ended.editions is None else ())
    given, journals = _certificates_in(files)
    told = _told(creator, journals, ended.drop)
    signed = countersigning.countersign(creator, ended, entries, given, told, now_s=SystemClock().wall_ms() // 1000)
    if signed.documents:
        with disk.whole_file(out) as file:
            texts = ((name, json.dumps(one, ensure_ascii=False, indent=1)) for name, one in signed.documents.items())
            zips.write(file, texts)
    if as_json:
        refused = [{"file": name, "why": why} for name, why in signed.refused]
        say.facts(
            {
                "file": str(out) if signed.documents else None,
                "signed": len(signed.documents),
                "refused": refused,
                "missing": signed.missing,
            }
        )
        return
    say.lines(*(f"not signed: {name}: {why}" for name, why in signed.refused))
    say.line(
        f"Signed {chains.counted(len(signed.documents), 'certificate')}; {signed.missing} that the statement lists were not among the files."
    )
    if not signed.documents:
        say.line(f"{out} was not written: there is nothing in it.")
        return
    say.line("Give them to each box, which hands them out from then on:")
    say.line(f"  stall accept --data BOX {shlex.quote(str(out))}")


@close.command("revocations")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@CREATOR
@PACK
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the ZIP of them."
)
@JSON
def revocations(*, files: tuple[Path, ...], folder: Path, pack_file: Path, out: Path, as_json: bool) -> None:
    """Gather what says of certificates of a drop that they count no more, into one ZIP for whoever is shown one.

    From journals, declines, manifests and closing statements in FILES, and from the newest pack. Nothing is signed.
    """
    from stall.creator import handover, keyring, taken_back
    from stall.creator.papers import Paper
    from stall.store import packfile

    handover.check_free(out)
    shown = keyring.show(folder)
    with packfile.open_pack(pack_file, creator_did=shown.did) as opened:
        token, drop = opened.manifest_token, opened.manifest.drop
    found = taken_back.gather(shown, drop.id, [Paper(pack_file.name, token), *papers_in(files)])
    taken_back.write(out, found)
    if as_json:
        say.facts({"file": str(out), "papers": sorted(found)})
        return
    say.line(
        f"Wrote {out}: {len(found)} papers. Whoever is shown a certificate of “{drop.title}” gives it to the check as well:"
    )
    say.line(f"  stall verify CERTIFICATE {shlex.quote(str(out))}")


def _token(path: Path) -> str:
    from stall.commands import files
    from stall.creator import papers

    return files.read(path, papers.MOST_BYTES).decode("ascii", errors="replace").strip()


def _listed(statement: Path) -> Iterator[dict[str, Any]]:
    """The copies in the list beside a statement that is too long to have it."""
    from stall.commands import files
    from stall.wire import strict_json

    listed = statement.with_name(f"{statement.name}-list.jsonl")
    files.check_plain(listed)
    with listed.open("rb") as file:
        for line in file:
            one = strict_json.loads(line.strip())
            yield one if isinstance(one, dict) else {}


def _certificates_in(paths: Iterable[Path]) -> tuple[list[tuple[str, dict[str, Any]]], list[Paper]]:
    """Read certificates in files and ZIPs, and journals."""
    from stall.commands import accept, verify
    from stall.creator import papers, zips
    from stall.errors import StallError
    from stall.wire import strict_json

    found: list[tuple[str, dict[str, Any]]] = []
    journals: list[Paper] = []
    bounds = zips.Bounds(accept.MOST_CERTIFICATES, accept.MOST_ZIP_BYTES)
    for path in paths:
        if _is_zip(path):
            for name, data in zips.read(path, path.name, bounds):
                with contextlib.suppress(StallError):
                    document = strict_json.loads((data or b"").strip()) if name.endswith(".json") else None
                    if isinstance(document, dict) and "credentialSubject" in document:
                        found.append((name, document))
            continue
        for one in verify.read_all((path,)):
            if isinstance(one, papers.Paper) and isinstance(one.content, dict):
                found.append((one.name, one.content))
            elif isinstance(one, papers.Paper) and isinstance(one.content, papers.Export):
                journals.append(one)
    return found, journals


def _is_zip(path: Path) -> bool:
    from stall.commands import files
    from stall.creator import zips

    return files.read(path, 4).startswith(zips.MARK)


def _told(creator: Creator, journals: list[Paper], drop: str) -> list[Told]:
    from stall.creator import closings

    return closings.told_by(creator, journals, drop)


def papers_in(files: Iterable[Path]) -> list[Paper]:
    """Read all papers in files and ZIPs. Raises Refused `close-paper` for what cannot be read."""
    from stall.commands import verify
    from stall.creator.papers import Paper
    from stall.errors import Refused

    found: list[Paper] = []
    for one in verify.read_all(tuple(files)):
        if isinstance(one, Paper):
            found.append(one)
        elif one.code != "verify-unchecked":  # pictures of papers, beside the papers themselves
            raise Refused("close-paper", f"“{one.name}” does not hold, so nothing was closed: {one.says[-1]}")
    return found


def _kept(text: str) -> tuple[int, str]:
    number, _, name = text.partition("=")
    if not (number.isascii() and number.isdigit() and name):
        raise click.BadParameter("Write it NUMBER=RECEIPT, as 7=AAAAAAAAAAAAAAAAAAAAAA.")
    return int(number), name


def _ask(*, yes: bool, as_json: bool) -> None:
    """Ask before anything is signed, if somebody is there to answer."""
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise click.UsageError("A closing statement is signed once and for good. Look at what it says, then add --yes.")
    click.confirm("Sign this? It cannot be taken back", abort=True)


def _write_list(out: Path, counted: Tally) -> Path | None:
    """Write the list of a statement that is too long for it: its entries, a line each, in the order of the tree."""
    from stall import disk
    from stall.wire import closing

    entries = counted.fates.entries
    if len(entries) <= closing.MAX_LISTED:
        return None
    listed = out.with_name(f"{out.name}-list.jsonl")
    with disk.whole_file(listed) as file:
        for one in entries:
            file.write(closing.entry_bytes(one) + b"\n")
    return listed


def _table(counted: Tally) -> list[str]:
    from stall.creator import fates

    drop = counted.manifest.drop
    size = "an open edition" if drop.edition is None else f"an edition of {drop.edition}"
    found = counted.fates
    lines = [f"“{drop.title}” ({drop.id}), {size}, version {counted.manifest.ver}"]
    counts: Counter[str] = Counter(one.st for one in found.all)
    for st in (st for st in _ORDER if counts[st]):
        whys = Counter(one.why for one in found.all if one.st == st)
        for number, (why, count) in enumerate(sorted(whys.items())):
            head = f"{_CALLED.get(st, st):<8}{counts[st]:>6}" if number == 0 else " " * 14
            lines.append(f"  {head}   {count:>6} {why}{_numbers(counted, st, why)}")
    if found.left_out:
        lines.append(f"  {'left out':<8}{found.left_out:>6}   sold, never claimed")
    lines += [f"  {fates.said_of(one)}." for one in found.twice]
    lines += [f"  Journal of {_box(counted, one.box)}: {one.report.events} events." for one in counted.told]
    unclaimed = sum(one.st == "sold" and one.certificate is None for one in found.all)
    if unclaimed:
        lines.append(
            f"  {unclaimed} sold and never claimed: whoever claims one later has a certificate that you have yet to sign."
        )
    return [*lines, *(f"  {note}" for note in counted.notes)]


def _box(counted: Tally, thumbprint: str) -> str:
    name = counted.names.get(thumbprint)
    return f"box {thumbprint}" if name is None else f"box “{name}” ({thumbprint})"


def _numbers(counted: Tally, st: str, why: str) -> str:
    from stall.creator import ranges

    found = [n for n, one in counted.fates.numbered.items() if (one.st, one.why) == (st, why)]
    return f": {ranges.text(ranges.joined((n, n) for n in found))}" if found else ""


def _facts(counted: Tally, decided: Decided, out: Path, listed: Path | None) -> dict[str, Any]:
    from stall.wire import jws

    found = counted.fates
    facts: dict[str, Any] = {
        "file": str(out),
        "drop": counted.manifest.drop.id,
        "manifest": jws.token_hash(counted.token),
        "edition": counted.manifest.drop.edition,
        "counts": {st: sum(one.st == st for one in found.all) for st in _ORDER},
        "copies": [_fact(number, one) for number, one in found.numbered.items()]
        or [_fact(None, one) for one in found.others],
        "twice": [
            {"number": one.number, "holds": one.holds.jti, "others": [each.jti for each in one.others]}
            for one in found.twice
        ],
        "left_out": found.left_out,
        "lost": sorted(decided.lost),
        "journals": [{"box": one.box, "events": one.report.events} for one in counted.told],
        "notes": list(counted.notes),
        "list": None if listed is None else str(listed),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _fact(number: int | None, one: Fate) -> dict[str, Any]:
    facts = {"number": number, "st": one.st, "why": one.why, "certificate": one.certificate}
    return {name: value for name, value in facts.items() if value is not None}
