"""`stall verify`: say what papers prove, offline, to anyone who has them."""

from __future__ import annotations

import contextlib
import json
import shlex
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stall.creator.papers import Paper
    from stall.creator.terms import Span
    from stall.creator.verdicts import Verdict
    from stall.wire.delegation import Delegation
    from stall.wire.note import Verifier

_ZIP = b"PK"
_NAME_AT, _MANIFEST_FIRST = 30, b"manifest.jws"  # a ZIP that begins so holds a drop, any other papers
_DAY_S = 86_400
_PAPERS_MAX = 100  # as many papers as one ZIP is read for


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--creator-did", help="The creator you expect; papers of any other fail.")
@click.option(
    "--as-of",
    metavar="DAY|TIME",
    callback=lambda _context, _option, text: None if text is None else _span(text),
    help="A day (UTC) on which they must be in force, at any moment of it; or a moment, as 2026-05-01T12:00:00Z.",
)
@click.option(
    "--cosigner", "cosigners", multiple=True, metavar="NAME=KEY", help="A cloud whose cosignatures you trust."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(
    context: click.Context,
    files: tuple[Path, ...],
    creator_did: str | None,
    as_of: Span | None,
    cosigners: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check packs, papers, checkpoints and exported journals in FILES, each with the help of the others.

    Of each it says what it is, who signed it, by what chain, and how far that goes. No clock is read unless --as-of
    names a day. What nothing speaks against, but what lacks another paper to be told by, CANNOT BE TOLD. Exit code 1
    if any of them fails, or cannot be told.
    """
    from stall.creator import verdicts
    from stall.creator.papers import Paper

    if creator_did is not None:
        _check_did(creator_did)
    known = [_cosigner(text) for text in cosigners]
    read = _read_all(files)
    judged = iter(verdicts.judge([one for one in read if isinstance(one, Paper)], creator_did, as_of, known))
    found = [next(judged) if isinstance(one, Paper) else one for one in read]
    if as_json:
        click.echo(json.dumps({"ok": all(one.ok for one in found), "papers": [_facts(one) for one in found]}))
    else:
        click.echo("\n\n".join(_words(one) for one in found))
    if not all(one.ok for one in found):
        context.exit(1)


def _check_did(text: str) -> None:
    from stall.errors import Refused, WireError
    from stall.wire import keys

    try:
        keys.public_from_did(text)
    except WireError as error:
        raise Refused(
            "verify-creator-did",
            f"“{text}” behind --creator-did is no creator. Copy it whole from their poster or web page: it begins with did:key:z6Mk.",
        ) from error


def _span(text: str) -> Span:
    """Read a day, which lasts to its end, or a moment."""
    from stall.creator.terms import Span

    for form, seconds in (("%Y-%m-%d", _DAY_S), ("%Y-%m-%dT%H:%M:%SZ", 1)):
        with contextlib.suppress(ValueError):
            first_s = int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
            return Span(first_s, first_s + seconds - 1)
    raise click.BadParameter(f"“{text}” is neither a day, as 2026-05-01, nor a time, as 2026-05-01T12:00:00Z.")


def _cosigner(text: str) -> Verifier:
    from stall.errors import Refused, WireError
    from stall.wire import b64, keys, note

    name, _, key = text.partition("=")
    try:
        return note.Verifier(name, keys.check_public(b64.decode(key)), note.COSIGNATURE_KIND)
    except WireError as error:
        raise Refused(
            "verify-cosigner",
            "A cosigner is written NAME=KEY, the key in base64url, as in the box's settings.toml. Write it so.",
        ) from error


def _read_all(files: tuple[Path, ...]) -> list[Paper | Verdict]:
    """Read what can be read, in order; a file that cannot is a verdict of its own and hides no other.

    Packs come last: only the other papers say whether a signer may stand in for their creator.
    """
    from stall.creator import gathering, verdicts
    from stall.creator.papers import Paper
    from stall.errors import StallError

    found: dict[int, list[Paper | Verdict]] = {}
    late = [number for number, path in enumerate(files) if _is_pack(path)]
    for number in [*(number for number in range(len(files)) if number not in late), *late]:
        path, name = files[number], _name(files[number], files)
        try:
            if number in late:
                known = [paper for read in found.values() for paper in read if isinstance(paper, Paper)]
                heap = gathering.gather(known, None)
                chains = [one for given in heap.delegations.values() for one in given]
                found[number] = [_either_pack(path, name, chains)]
            else:
                found[number] = [*_read(path, name)]
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
    return start.startswith(_ZIP) and start.endswith(_MANIFEST_FIRST)


def _read(path: Path, name: str) -> list[Paper]:
    """Read the paper in a file, or those in a ZIP."""
    from stall.creator import papers
    from stall.errors import Refused

    try:
        with path.open("rb") as file:
            data = file.read(papers.MOST_BYTES + 1)
    except IsADirectoryError as error:
        raise Refused("verify-folder", f"“{path}” is a folder. Give the files in it: {_inside(path)}") from error
    except OSError as error:
        raise Refused("file-unreadable", f"“{path}” cannot be read ({error.strerror}). Check the name.") from error
    if data.startswith(_ZIP):
        return _papers(path, name)
    if papers.is_export(data):
        return [papers.Paper(name, papers.Export(lambda: _lines(path)))]
    return papers.read_all(name, data)


def _either_pack(path: Path, name: str, delegations: list[Delegation]) -> Paper:
    """Check a pack, or the ZIP a buyer gets, where the files lie beside the manifest."""
    from stall.errors import WireError

    try:
        return _pack(path, name, "files/", delegations)
    except WireError as error:
        if error.code != "pack-unexpected-file":
            raise
        return _pack(path, name, "", delegations)


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
    from stall.creator.papers import Paper
    from stall.store import packfile

    with packfile.open_pack(path, prefix=prefix, delegations=delegations) as opened:
        for entry in opened.entries:
            opened.check(entry)
        seen = f"Every byte of its {len(opened.entries)} files is as it was signed."
        return Paper(name, opened.manifest_token, (seen,))


def _papers(path: Path, name: str) -> list[Paper]:
    """Read the tokens and certificates in a ZIP of papers; nothing is written to the disk."""
    import zipfile

    from stall.creator import papers
    from stall.errors import Refused

    try:
        with zipfile.ZipFile(path) as opened:
            plain = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others fail in ways of their own, or eat memory
            known = [entry for entry in opened.infolist() if entry.compress_type in plain]
            wanted = [entry for entry in known if entry.filename.endswith((".jws", ".json", ".tlog-proof"))][
                :_PAPERS_MAX
            ]
            found = [(entry.filename, opened.open(entry).read(papers.MOST_BYTES + 1)) for entry in wanted]
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error) as error:
        raise Refused("verify-unknown", f"“{name}” cannot be unpacked. Copy it again.") from error
    if not found:
        raise Refused("verify-unknown", f"“{name}” holds no papers of a stall. Give the ZIP as it was downloaded.")
    return [papers.read(f"{name}/{inside}", data) for inside, data in found]


def _words(one: Verdict) -> str:
    failed = f" [{one.code}]" if one.code else ""
    return "\n  ".join([f"{one.name}: {one.what}, {one.grade or 'CANNOT BE TOLD'}{failed}", *one.says])


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
