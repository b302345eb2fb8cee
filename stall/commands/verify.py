"""`stall verify`: say what papers prove, offline, to anyone who has them."""

from __future__ import annotations

import contextlib
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import given, say
from stall.domain import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stall.creator.papers import Paper
    from stall.creator.terms import Span
    from stall.creator.verdicts import Verdict
    from stall.wire.delegation import Delegation
    from stall.wire.note import Verifier

_NAME_AT, _MANIFEST_FIRST = 30, b"manifest.jws"  # a ZIP that begins so holds a drop, any other papers
_DAY_S = 86_400
_MOST_NAMED = 5


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--creator-did", callback=given.creator, help="The creator you expect; papers of any other fail.")
@click.option(
    "--as-of",
    metavar="DAY|TIME",
    callback=lambda _context, _option, text: None if text is None else _span(text),
    help="A day (UTC) on which they must be in force, at any moment of it; or a moment, as 2026-05-01T12:00:00Z.",
)
@click.option(
    "--cosigner",
    "cosigners",
    multiple=True,
    metavar="NAME=KEY",
    callback=lambda _context, _option, texts: [_cosigner(text) for text in texts],
    help="A cloud whose cosignatures you trust.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(
    context: click.Context,
    files: tuple[Path, ...],
    creator_did: str | None,
    as_of: Span | None,
    cosigners: list[Verifier],
    as_json: bool,
) -> None:
    """Check packs, papers, checkpoints and exported journals in FILES, each with the help of the others.

    Of each it says what it is, who signed it, by what chain, and how far that goes. No clock is read unless --as-of
    names a day. What nothing speaks against, but what lacks another paper to be told by, CANNOT BE TOLD. Exit code 1
    if any of them fails, or cannot be told.
    """
    from stall.creator import verdicts
    from stall.creator.papers import Paper

    read = read_all(files)
    judged = iter(verdicts.judge([one for one in read if isinstance(one, Paper)], creator_did, as_of, cosigners))
    found = [next(judged) if isinstance(one, Paper) else one for one in read]
    if as_json:
        say.facts({"ok": all(one.ok for one in found), "papers": [_facts(one) for one in found]})
    else:
        for number, one in enumerate(found):
            say.lines(*[""][:number], *_words(one))
    if not all(one.ok for one in found):
        context.exit(1)


def _span(text: str) -> Span:
    """Read a day, which lasts to its end, or a moment."""
    from stall.creator.terms import Span

    for form, seconds in (("%Y-%m-%d", _DAY_S), ("%Y-%m-%dT%H:%M:%SZ", 1)):
        with contextlib.suppress(ValueError):
            first_s = int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
            return Span(first_s, first_s + seconds - 1)
    raise click.BadParameter(f"“{text}” is neither a day, as 2026-05-01, nor a time, as 2026-05-01T12:00:00Z.")


def _cosigner(text: str) -> Verifier:
    from stall.errors import WireError
    from stall.wire import b64, keys, note

    name, _, key = text.partition("=")
    try:
        return note.Verifier(name, keys.check_public(b64.decode(key)), note.COSIGNATURE_KIND)
    except WireError as error:
        raise click.BadParameter(
            "A cosigner is written NAME=KEY, the key in base64url, as in the box's settings.toml."
        ) from error


def read_all(files: tuple[Path, ...]) -> list[Paper | Verdict]:
    """Read what can be read, in order; a file that cannot is a verdict of its own and hides no other.

    Packs come last: only the other papers say whether a signer may stand in for their creator.
    """
    from stall.commands import files as files_
    from stall.creator import gathering, verdicts
    from stall.creator.papers import Paper
    from stall.errors import StallError

    found: dict[int, list[Paper | Verdict]] = {}
    late: list[int] = []
    for number, path in enumerate(files):
        try:
            files_.check_plain(path)
            if _is_pack(path):
                late.append(number)
            else:
                found[number] = [*_read(path, _name(path, files))]
        except StallError as error:
            found[number] = [verdicts.refused(_name(path, files), "file", error)]
    for number in late:
        path, name = files[number], _name(files[number], files)
        known = [paper for read in found.values() for paper in read if isinstance(paper, Paper)]
        heap = gathering.gather(known, None)
        chains = [one for given in heap.delegations.values() for one in given]
        try:
            found[number] = [_either_pack(path, name, chains)]
        except StallError as error:
            found[number] = [verdicts.refused(name, "file", error)]
    return [one for number in sorted(found) for one in found[number]]


def _name(path: Path, files: tuple[Path, ...]) -> str:
    """Name a file as short as tells it from the others."""
    return path.name if [one.name for one in files].count(path.name) == 1 else str(path)


def _is_pack(path: Path) -> bool:
    """Tell whether a file begins as a ZIP with a manifest does."""
    try:
        with path.open("rb") as file:
            start = file.read(_NAME_AT + len(_MANIFEST_FIRST))
    except OSError:
        return False  # said when it is read
    return start.startswith(b"PK") and start.endswith(_MANIFEST_FIRST)


def _read(path: Path, name: str) -> Sequence[Paper | Verdict]:
    """Read the paper in a file, or those in a ZIP."""
    from stall.commands import files
    from stall.creator import papers, zips
    from stall.errors import Refused

    try:
        with path.open("rb") as file:
            data = file.read(papers.MOST_BYTES + 1)
    except IsADirectoryError as error:
        raise Refused(
            "verify-folder", f"{shown.quoted(str(path))} is a folder. Give the files in it: {_inside(path)}"
        ) from error
    except OSError as error:
        raise files.unreadable(path, error) from error
    if data.startswith(zips.MARK):
        return _papers(path, name)
    if papers.is_export(data):
        return [papers.Paper(name, papers.Export(lambda: _lines(path)))]
    return papers.read_all(name, data)


def _either_pack(path: Path, name: str, delegations: list[Delegation]) -> Paper:
    """Check a pack, or the ZIP a buyer gets, where the files lie beside the manifest."""
    from stall.errors import WireError
    from stall.store import packfile

    try:
        return _pack(path, name, "files/", delegations)
    except WireError as error:
        if error.code not in {"pack-unexpected-file", "pack-missing-file"}:
            raise
        try:
            return _pack(path, name, "", delegations)
        except WireError:
            if packfile.lies_in_folder(path):  # it was meant as a pack, so what is wrong with the pack is wrong
                raise error from None
            raise


def _lines(path: Path) -> Iterator[bytes]:
    """Give the lines of a file anew each time, none longer than is looked at."""
    from stall.creator import journals

    with path.open("rb") as file:
        while line := file.readline(journals.MOST_LINE_BYTES + 1):
            yield line


def _inside(folder: Path) -> str:
    return f"stall verify {shlex.quote(str(folder))}/*"


def _pack(path: Path, name: str, prefix: str, delegations: list[Delegation]) -> Paper:
    """Check every byte of a pack or of the ZIP made from it; what is left to judge is its manifest."""
    from stall.creator import chains
    from stall.creator.papers import Paper
    from stall.store import packfile

    with packfile.open_pack(path, prefix=prefix, delegations=delegations) as opened:
        for entry in opened.entries:
            opened.check(entry)
        files = chains.counted(len(opened.entries), "file")
        seen = [f"Every byte of its {files} is as it was signed."]
        if opened.paged:
            seen.append(
                "The page verify.html in it comes from the stall: its creator did not sign it. It was not checked."
            )
        return Paper(name, opened.manifest_token, tuple(seen))


def _papers(path: Path, name: str) -> list[Paper | Verdict]:
    """Read the tokens and certificates in a ZIP of papers, and say what in it was not checked."""
    from stall.creator import papers, verdicts, zips
    from stall.errors import StallError

    found: list[Paper | Verdict] = []
    others: list[str] = []
    for inside, data in zips.read(path, name):
        if data is None:
            others.append(inside)
            continue
        try:
            found += papers.read_all(f"{name}/{inside}", data)
        except StallError as error:
            if error.code == papers.NOTHING_INSIDE:
                others.append(inside)
            else:
                found.append(verdicts.refused(f"{name}/{inside}", "file", error))
    helps = sorted(zips.HELPS.intersection(others))
    others = [one for one in others if one not in zips.HELPS]
    if helps and found:
        say.warning(f"Nothing in {' and '.join(helps)} is signed, and nothing in it was checked.")
    return [*found, _unchecked(name, others, found)] if others else found


def _unchecked(name: str, others: list[str], found: Iterable[Paper | Verdict]) -> Verdict:
    """Say which files in a ZIP are no papers: nothing is known of them, least of all beside a drop's manifest."""
    from stall.creator.papers import Paper
    from stall.creator.verdicts import Verdict
    from stall.errors import Refused, StallError
    from stall.wire import jws, manifest

    def is_manifest(content: object) -> bool:
        with contextlib.suppress(StallError):
            return isinstance(content, str) and jws.unverified_typ(content) == manifest.TYP
        return False

    more = len(others) - _MOST_NAMED
    named = ", ".join(shown.quoted(one) for one in others[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    error = Refused(
        "verify-unchecked", f"These in it are no papers, and were not checked: {named}. Give the papers without them."
    )
    says = [error.sentence]
    if any(isinstance(one, Paper) and is_manifest(one.content) for one in found):
        says.append("The manifest's files were not checked: this is no pack, nor a ZIP as a stall gives it to buyers.")
    return Verdict(name, "file", ok=False, says=tuple(says), grade=None, code=error.code)


def _words(one: Verdict) -> list[str]:
    """The lines said of one paper; its name and all that stands in it may come from anybody."""
    failed = f" [{one.code}]" if one.code else ""
    head = f"{shown.name(one.name)}: {one.what}, {one.grade or 'CANNOT BE TOLD'}{failed}"
    return [head, *(f"  {line}" for line in one.says)]


def _facts(one: Verdict) -> dict[str, object]:
    facts: dict[str, object] = {
        "file": one.name,
        "what": one.what,
        "ok": one.ok,
        "says": list(one.says),
        "grade": one.grade,
        "verdict": one.verdict,
    }
    chain = [{"role": link.role, "did": link.did, "name": link.name} for link in one.chain]
    known = [{name: value for name, value in link.items() if value} for link in chain]
    told = {"code": one.code, "reason": one.reason, "signer": known[0]["did"] if known else None, "chain": known}
    return facts | {name: value for name, value in told.items() if value}
