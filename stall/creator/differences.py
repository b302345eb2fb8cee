"""Two versions of a drop held against each other: what the later changes, in words, and whether it may follow the earlier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from stall.creator import revocations, successors
from stall.errors import StallError
from stall.wire import manifest
from stall.wire.manifest import Alloc, File, Limits, Manifest


@dataclass(frozen=True)
class Files:
    """What became of files: paths, and of those with another name the old and the new one."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]


def files(old: Manifest, new: Manifest) -> Files:
    """Compare the files of two versions; one whose content stands under another path now was renamed."""
    before, after = _by_path(old), _by_path(new)
    gone = {path: file for path, file in before.items() if path not in after}
    come = {path: file for path, file in after.items() if path not in before}
    renamed = []
    for path, file in list(gone.items()):
        now = next((other for other, one in come.items() if one.sha256 == file.sha256), None)
        if now is not None:
            renamed.append((path, now))
            del gone[path], come[now]
    changed = [path for path, file in after.items() if path in before and before[path].sha256 != file.sha256]
    return Files(tuple(come), tuple(gone), tuple(changed), tuple(renamed))


def terms(old: Manifest, new: Manifest) -> Iterator[str]:
    """Say what else is another in the new version: what buyers are told and asked, the window, numbers, roles, revocations."""
    if old.iss != new.iss:
        yield f"creator: {old.iss} → {new.iss}"
    if old.drop.id != new.drop.id:
        yield f"drop: {old.drop.id} → {new.drop.id}"
    yield from successors.changes(old, (new.drop, new.price))
    before, after = _words(old), _words(new)
    yield from (f"{term}: {before[term]} → {after[term]}" for term in before if before[term] != after[term])
    yield from _roles(old, new)
    known = {(one.kind, one.ref) for one in old.revoked}
    yield from (f"revokes {revocations.text(one)}" for one in new.revoked if (one.kind, one.ref) not in known)


def refusal(old: Manifest, old_token: str, new: Manifest) -> StallError | None:
    """Say why the new version may not follow the old one, or None where it may."""
    try:
        manifest.check_successor(old, old_token, new)
    except StallError as error:
        return error
    return None


def _by_path(signed: Manifest) -> Mapping[str, File]:
    return {file.path: file for file in signed.files}


def _words(signed: Manifest) -> Mapping[str, str]:
    drop = signed.drop
    return {
        "sold from": moment(drop.window.nbf),
        "sold until": moment(drop.window.exp),
        "language": drop.listing.lang if drop.listing else "none",
        "cover": cover_of(signed) or "none",
        "set aside": allocated(signed.alloc),
        "limits": limits(signed.limits),
    }


def _roles(old: Manifest, new: Manifest) -> Iterator[str]:
    before = _by_path(old)
    for file in new.files:
        was = before[file.path].role if file.path in before else file.role
        if (was or "main") != (file.role or "main"):
            yield f"“{file.path}”: {was or 'main'} → {file.role or 'main'}"


def cover_of(signed: Manifest) -> str | None:
    """The path of the cover; of several files of its content the one that is for anyone to see."""
    covers = [file for file in signed.files if file.sha256 == signed.drop.cover_sha256]
    return min(covers, key=lambda file: file.role != "sample").path if covers else None


def moment(at_s: int) -> str:
    """Write a time in UTC, to the minute."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


def allocated(parts: tuple[Alloc, ...]) -> str:
    """Write for whom numbers are set aside."""
    named = ("the pool" if part.box == "*" else f"box {part.box[:12]}…" for part in parts)
    return ", ".join(f"{part.lo}-{part.hi} for {name}" for part, name in zip(parts, named, strict=True)) or "none"


def limits(one: Limits) -> str:
    """Write how often a purchase may be used."""
    buyer = f"{one.per_buyer} a buyer, " if one.per_buyer else ""
    return f"{buyer}{one.max_devices} phones, {one.max_downloads} downloads, codes good for {_span(one.code_ttl_s)}"


def _span(seconds: int) -> str:
    return f"{seconds // 3600} hours" if seconds % 3600 == 0 else f"{seconds // 60} minutes"
