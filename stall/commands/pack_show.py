"""`stall pack inspect` and `stall pack diff`: what a pack says, and what a later version of it says otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import say, survey_table
from stall.domain import shown

if TYPE_CHECKING:
    from stall.wire.manifest import Manifest

FILE = click.Path(path_type=Path, dir_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_LABEL = 12


@click.command("inspect")
@click.argument("file", type=FILE)
@JSON
def inspect(file: Path, as_json: bool) -> None:
    """Say what the pack FILE holds and what its creator signed: price, numbers, window, files.

    The signature is checked; the bytes of the files are not, which stall pack
    verify does.
    """
    from stall.store import packfile
    from stall.wire import jws, manifest

    with packfile.open_pack(file) as opened:
        token, signed = opened.manifest_token, opened.manifest
    if as_json:
        say.facts({"manifest": jws.token_hash(token), "signer": jws.unverified_kid(token), **manifest.claims(signed)})
        return
    say.line(f"“{signed.drop.title}” ({signed.drop.id}), version {signed.ver}")
    for label, words in _facts(signed, token):
        say.paragraph(label.ljust(_LABEL) + words, hang=_LABEL)
    say.line()
    say.lines(*_files(signed))


def _facts(signed: Manifest, token: str) -> Iterator[tuple[str, str]]:
    from stall.creator import differences as words
    from stall.creator import revocations
    from stall.domain import money
    from stall.wire import jws

    drop = signed.drop
    yield "signed by", signed.iss
    yield "signed", f"{words.moment(signed.iat)}, as {jws.token_hash(token)}"
    yield "follows", signed.prev or "nothing: it is the first version"
    prices = (money.text(one.minor, one.cur) + (f" for {one.cohort}" if one.cohort else "") for one in signed.price)
    yield "price", ", ".join(prices) or "none"
    yield "copies", f"{drop.edition} numbered" if drop.edition else "as many as are wanted"
    yield "kind", drop.kind
    yield "sold", f"from {words.moment(drop.window.nbf)} to {words.moment(drop.window.exp)}"
    if signed.alloc:
        yield "set aside", words.allocated(signed.alloc)
    yield "each copy", words.limits(signed.limits)
    yield "licence", drop.licence
    if drop.listing:
        yield f"says ({drop.listing.lang})", drop.listing.desc
    for one in signed.revoked:
        yield "revokes", revocations.text(one)


def _files(signed: Manifest) -> Iterator[str]:
    from stall.creator import differences

    columns = min(shutil.get_terminal_size().columns, survey_table.MOST_COLUMNS)
    names = min(max(survey_table.width(file.path) for file in signed.files), max(12, columns - 40))
    cover = differences.cover_of(signed)
    for file in signed.files:
        name = survey_table.padded(survey_table.fitted(shown.line(file.path), names), names)
        role = "cover" if file.path == cover else file.role or ""
        yield f"{name}{survey_table.size(file.size).rjust(9)}  {role.ljust(8)}{file.type}".rstrip()
    yield f"{len(signed.files)} in all, {survey_table.size(sum(file.size for file in signed.files))}"


@click.command("diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@JSON
def diff(old: Path, new: Path, as_json: bool) -> int:
    """Say what the pack NEW changes of the pack OLD, and whether it may follow it.

    Exit code 1 if it may not: a box that has OLD would refuse NEW.
    """
    from stall.creator import differences
    from stall.store import packfile

    with packfile.open_pack(old) as opened:
        before, token = opened.manifest, opened.manifest_token
    with packfile.open_pack(new) as opened:
        after, same = opened.manifest, opened.manifest_token == token
    files, terms = differences.files(before, after), list(differences.terms(before, after))
    error = None if same else differences.refusal(before, token, after)
    if as_json:
        why = {"code": error.code, "sentence": error.sentence} if error else None
        found = {"added": files.added, "removed": files.removed, "changed": files.changed, "renamed": files.renamed}
        say.facts(
            {
                "ok": error is None,
                "same": same,
                "successor": error is None,
                "error": why,
                "terms": terms,
                "files": found,
            }
        )
        return 0 if error is None else 1
    say.line(f"“{after.drop.title}” ({after.drop.id}): version {before.ver} → {after.ver}")
    for term in terms:
        say.paragraph(term)
    for mark, paths in (("+", files.added), ("-", files.removed), ("*", files.changed)):
        say.lines(*(f"{mark} {path}" for path in paths))
    say.lines(*(f"  {was} → {now}" for was, now in files.renamed))
    if same:
        say.line("They are one and the same version.")
    elif error is None:
        say.line("A box that has the first takes the second.")
    else:
        say.paragraph(f"A box that has the first refuses the second: {error.sentence} [{error.code}]")
    return 0 if error is None else 1
