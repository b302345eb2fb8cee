"""`stall verify`: say what papers prove, offline, to anyone who has them."""

from __future__ import annotations

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
    from stall.creator.verdicts import Verdict
    from stall.wire.delegation import Delegation
    from stall.wire.note import Verifier

_ZIP = b"PK"
_NAME_AT, _MANIFEST_FIRST = 30, b"manifest.jws"  # a ZIP that begins so holds a drop, any other papers
_PAPERS_MAX = 100  # as many papers as one ZIP is read for


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--creator-did", help="The creator you expect; papers of any other fail.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="A day (UTC) on which they must be in force.",
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
    as_of: datetime | None,
    cosigners: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check packs, papers, checkpoints and exported journals in FILES, each with the help of the others.

    Of each it says what it is, who signed it, by what chain, and how far that goes. No clock is read unless --as-of
    names a day. Exit code 1 if any of them fails.
    """
    from stall.creator import verdicts

    papers, refused = _read_all(files)
    as_of_s = None if as_of is None else int(as_of.replace(tzinfo=UTC).timestamp())
    known = [_cosigner(text) for text in cosigners]
    found = [*verdicts.judge(papers, creator_did, as_of_s, known), *refused]
    if as_json:
        click.echo(json.dumps({"ok": all(one.ok for one in found), "papers": [_facts(one) for one in found]}))
    else:
        click.echo("\n\n".join(_words(one) for one in found))
    if not all(one.ok for one in found):
        context.exit(1)


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


def _read_all(files: tuple[Path, ...]) -> tuple[list[Paper], list[Verdict]]:
    """Read what can be read; a file that cannot is a verdict of its own and hides no other.

    Packs come last: only the other papers say whether a signer may stand in for their creator.
    """
    from stall.creator import gathering
    from stall.creator.verdicts import Verdict
    from stall.errors import StallError

    found: dict[int, list[Paper]] = {}
    refused: list[Verdict] = []
    late = [number for number, path in enumerate(files) if _is_pack(path)]
    for number in [*(number for number in range(len(files)) if number not in late), *late]:
        path = files[number]
        try:
            if number in late:
                heap = gathering.gather([paper for read in found.values() for paper in read], None)
                found[number] = [_either_pack(path, [one for chains in heap.delegations.values() for one in chains])]
            else:
                found[number] = _read(path)
        except StallError as error:
            refused.append(Verdict(path.name, "file", ok=False, says=(error.sentence,), code=error.code))
    return [paper for number in sorted(found) for paper in found[number]], refused


def _is_pack(path: Path) -> bool:
    """Tell whether a file begins as a ZIP with a manifest does."""
    try:
        with path.open("rb") as file:
            start = file.read(_NAME_AT + len(_MANIFEST_FIRST))
    except OSError:
        return False  # said when it is read
    return start.startswith(_ZIP) and start.endswith(_MANIFEST_FIRST)


def _read(path: Path) -> list[Paper]:
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
        return _papers(path)
    if papers.is_export(data):
        return [papers.Paper(path.name, papers.Export(lambda: _lines(path)))]
    return papers.read_all(path.name, data)


def _either_pack(path: Path, delegations: list[Delegation]) -> Paper:
    """Check a pack, or the ZIP a buyer gets, where the files lie beside the manifest."""
    from stall.errors import WireError

    try:
        return _pack(path, "files/", delegations)
    except WireError as error:
        if error.code != "pack-unexpected-file":
            raise
        return _pack(path, "", delegations)


def _lines(path: Path) -> Iterator[bytes]:
    """Give the lines of a file anew each time, none longer than is looked at."""
    from stall.creator import journals

    with path.open("rb") as file:
        while line := file.readline(journals.MOST_LINE_BYTES + 1):
            yield line


def _inside(folder: Path) -> str:
    return f"stall verify {shlex.quote(str(folder))}/*"


def _pack(path: Path, prefix: str, delegations: list[Delegation]) -> Paper:
    """Check every byte of a pack or of the ZIP made from it; what is left to judge is its manifest."""
    from stall.creator.papers import Paper
    from stall.store import packfile

    with packfile.open_pack(path, prefix=prefix, delegations=delegations) as opened:
        for entry in opened.entries:
            opened.check(entry)
        seen = f"Every byte of its {len(opened.entries)} files is as it was signed."
        return Paper(path.name, opened.manifest_token, (seen,))


def _papers(path: Path) -> list[Paper]:
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
        raise Refused("verify-unknown", f"“{path.name}” cannot be unpacked. Copy it again.") from error
    if not found:
        raise Refused("verify-unknown", f"“{path.name}” holds no papers of a stall. Give the ZIP as it was downloaded.")
    return [papers.read(f"{path.name}/{name}", data) for name, data in found]


def _words(one: Verdict) -> str:
    failed = f" [{one.code}]" if one.code else ""
    return "\n  ".join([f"{one.name}: {one.what}, {one.grade}{failed}", *one.says])


def _facts(one: Verdict) -> dict[str, object]:
    facts: dict[str, object] = {
        "file": one.name,
        "what": one.what,
        "ok": one.ok,
        "says": list(one.says),
        "grade": one.grade,
    }
    chain = [{"role": link.role, "did": link.did, "name": link.name} for link in one.chain]
    known = [{name: value for name, value in link.items() if value} for link in chain]
    told = {"code": one.code, "reason": one.reason, "signer": known[0]["did"] if known else None, "chain": known}
    return facts | {name: value for name, value in told.items() if value}
