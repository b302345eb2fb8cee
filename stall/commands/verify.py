"""`stall verify`: say what papers prove, offline, to anyone who has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stall.creator.evidence import Paper
    from stall.creator.verdicts import Verdict

_ZIP = b"PK"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--creator-did", help="The creator you expect; papers of any other fail.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(context: click.Context, files: tuple[Path, ...], creator_did: str | None, as_json: bool) -> None:
    """Check packs, manifests, delegations, leases, receipts and certificates in FILES, each with the help of the others.

    Exit code 1 if any of them fails.
    """
    from stall.creator import verdicts

    papers, refused = _read_all(files)
    found = [*verdicts.judge(papers, creator_did), *refused]
    if as_json:
        click.echo(json.dumps({"ok": all(one.ok for one in found), "papers": [_facts(one) for one in found]}))
    else:
        click.echo("\n\n".join(_words(one) for one in found))
    if not all(one.ok for one in found):
        context.exit(1)


def _read_all(files: tuple[Path, ...]) -> tuple[list[Paper], list[Verdict]]:
    """Read what can be read; a file that cannot is a verdict of its own and hides no other."""
    from stall.creator.verdicts import Verdict
    from stall.errors import StallError

    papers: list[Paper] = []
    refused: list[Verdict] = []
    for path in files:
        try:
            papers.append(_read(path))
        except StallError as error:
            refused.append(Verdict(path.name, "file", ok=False, says=(error.sentence,), code=error.code))
    return papers, refused


def _read(path: Path) -> Paper:
    from stall.creator import evidence
    from stall.errors import Refused

    try:
        with path.open("rb") as file:
            data = file.read(evidence.MOST_BYTES + 1)
    except OSError as error:
        raise Refused("file-unreadable", f"“{path}” cannot be read ({error.strerror}). Check the name.") from error
    return _pack(path) if data.startswith(_ZIP) else evidence.read(path.name, data)


def _pack(path: Path) -> Paper:
    """Check every byte of a pack; what is left to judge is its manifest."""
    from stall.creator.evidence import Paper
    from stall.store import packfile

    with packfile.open_pack(path) as opened:
        for entry in opened.entries:
            opened.check(entry)
        seen = f"Every byte of its {len(opened.entries)} files is as it was signed."
        return Paper(path.name, opened.manifest_token, (seen,))


def _words(one: Verdict) -> str:
    word = one.grade or ("VALID" if one.ok else "INVALID")
    failed = f" [{one.code}]" if one.code else ""
    return "\n  ".join([f"{one.name}: {one.what}, {word}{failed}", *one.says])


def _facts(one: Verdict) -> dict[str, object]:
    facts: dict[str, object] = {"file": one.name, "what": one.what, "ok": one.ok, "says": list(one.says)}
    return facts | {name: value for name, value in (("grade", one.grade), ("code", one.code)) if value}
