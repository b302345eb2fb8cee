"""What the commands read and say of one version of a drop: what it is, what it changes, what it revokes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stall.commands import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stall.creator.keyring import Creator
    from stall.creator.packs import BuiltPack, PackOptions
    from stall.creator.survey import Survey
    from stall.wire.manifest import Manifest, Revoked

Named = dict[Literal["box", "lease", "cert"], tuple[str, ...]]
"""What is to be revoked, as it was typed."""


def revoked(creator: Creator, named: Named, since: str | None, now_s: int) -> Iterator[Revoked]:
    """Read what is to be revoked, from `since` (a time in UTC as it was typed) or from now on."""
    from stall.creator import revocations

    at_s = now_s if since is None else revocations.read_past(since, now_s)
    for kind, texts in named.items():
        for text in texts:
            yield revocations.read(creator, kind, text, at_s)


def say_changes(changed: list[str], options: PackOptions) -> None:
    """Say, before it is signed, what a version changes and what it revokes."""
    from stall.creator import revocations

    if changed:
        say.lines("This version changes:", *(f"  {one}" for one in changed))
    if options.revoked:
        say.lines("This version revokes for good:", *(f"  {revocations.text(one)}" for one in options.revoked))


def say_built(
    built: BuiltPack, options: PackOptions, changed: list[str], *, as_json: bool, looked: Survey | None = None
) -> None:
    """Say what was signed and written."""
    drop = built.manifest.drop
    for name in built.skipped:
        say.line(f"left out: {name}", err=True)
    if as_json:
        facts = {"file": str(built.path), "drop": drop.id, "ver": built.manifest.ver, "manifest": built.manifest_hash}
        counts = {"files": len(built.manifest.files), "bytes": built.total_bytes}
        gone = [{"kind": one.kind, "ref": one.ref, "at": one.at} for one in built.manifest.revoked]
        looks = looked.looks if looked else ()
        done = {
            "places_taken_out": [one.found.path for one in looks if one.cleaned],
            "put_in_order": [one.found.path for one in looks if one.started],
        }
        say.facts({**facts, **counts, "changes": changed, "revoked": gone, **done})
        return
    say.paragraph(f"Wrote {built.path}: {described(built.manifest)}")
    if drop.cover_sha256 is None and options.cover is None:
        say.paragraph("It has no cover: put a picture called cover.jpg into the folder to give it one.")
    if carried := len(built.manifest.revoked) - len(built.revoked):
        say.paragraph(f"It carries on what earlier versions revoked: {carried} in all.")
    if built.revoked:
        say.paragraph("A box stops what is revoked once it has this version: import it on every box of yours.")


def described(signed: Manifest) -> str:
    """One version in a line."""
    from stall.domain import money

    drop = signed.drop
    copies = f"{drop.edition} numbered copies" if drop.edition else "without numbers"
    prices = ", ".join(money.text(price.minor, price.cur) for price in signed.price)
    size = sum(file.size for file in signed.files) / 1_000_000
    return f"“{drop.title}” ({drop.id}), version {signed.ver}: {files(len(signed.files))}, {size:.1f} MB, {copies}, {prices}"


def files(count: int) -> str:
    """A number of files in words."""
    return "1 file" if count == 1 else f"{count} files"
