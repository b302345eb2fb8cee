"""The rules of a `.stallpack`, one stored ZIP, its manifest first, then the files the manifest names; and of the buyer's ZIP.

Pure: it judges names, sizes and tokens that others have read. Container bytes are `stall.wire.zipstore`; reading
a pack on the box is `stall.store.packfile`, writing one on the laptop `stall.creator.packs`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from stall.domain import shown
from stall.errors import WireError
from stall.wire import jws, keys, paths
from stall.wire import manifest as manifests
from stall.wire.delegation import Delegation, holding
from stall.wire.manifest import Manifest
from stall.wire.zipstore import Entry

MANIFEST_NAME = "manifest.jws"
FILES_PREFIX = "files/"
SUFFIX = ".stallpack"
#: The buyer's ZIP: the manifest, the page that proves it, then the files at their own paths. Format 1 had no such page.
ZIP_FORMAT = 2
PAGE_NAME = "verify.html"
PAGE_MAX_BYTES = 1024 * 1024
MANIFEST_MAX_BYTES = int(2.8 * 1024 * 1024)  # of the token; formats.md 2, rule 1
ENTRIES_MAX = 5_001  # the manifest and 5,000 files: formats.md 7.1
TAIL_MAX_BYTES = 8 * 1024 * 1024  # directory of that many entries with long names and foreign extras


def entry_name(path: str, prefix: str = FILES_PREFIX) -> str:
    """Give the name under which the manifest's `path` stands in the container."""
    return prefix + path


def zip_key(manifest_token: str, page: bytes) -> str:
    """Name the buyer's ZIP that is made of a manifest and a page: SHA-256 (hex) over all that its bytes follow from.

    Not of the bytes themselves, which would be hashed once more for it: they are the same wherever this is the same.
    """
    facts = ("stall-zip", str(ZIP_FORMAT), jws.token_hash(manifest_token), hashlib.sha256(page).hexdigest())
    return hashlib.sha256("\n".join(facts).encode("ascii")).hexdigest()


def is_page(entry: Entry, index: int, prefix: str = FILES_PREFIX) -> bool:
    """Whether an entry is the page in a buyer's ZIP: ours, of whatever release, and signed by no creator."""
    return not prefix and index == 1 and entry.name == PAGE_NAME


def check_entry(entry: Entry, index: int, prefix: str = FILES_PREFIX) -> None:
    """Judge the entry at `index` by its header alone, before anything of it is read.

    `prefix` is `files/` in a pack and empty in the buyer's ZIP, where the files lie beside the manifest and the page.

    Raises WireError: the manifest not first or too large, too many entries, a path that escapes, a name outside
    `files/`.
    """
    if is_page(entry, index, prefix):
        if entry.size > PAGE_MAX_BYTES:
            raise WireError(
                "pack-damaged", f"The pack is damaged: its {PAGE_NAME} is larger than 1 MiB. Copy it again."
            )
        return
    if index >= ENTRIES_MAX + (not prefix):
        raise WireError(
            "pack-too-many-files", "The pack holds more than 5,000 files. Ask its creator for a smaller one."
        )
    if (entry.name == MANIFEST_NAME) != (index == 0):
        raise WireError(
            "pack-no-manifest",
            "This file is not a pack: it does not begin with its manifest. Choose a file made by `stall pack build`.",
        )
    if index == 0:
        check_manifest_size(entry.size)
    elif not entry.name.startswith(prefix):
        raise _unexpected(entry.name)
    else:
        _check_path(entry.name.removeprefix(prefix), entry.name)


def check_manifest_size(size: int) -> None:
    """Refuse a manifest token of more than 2.8 MiB (`size` in bytes). Raises WireError."""
    if size > MANIFEST_MAX_BYTES:
        raise WireError(
            "pack-manifest-too-large", "The pack's manifest is larger than 2.8 MiB. Ask for a smaller pack."
        )


def claimed_creator(token: str) -> tuple[str, dict[str, bytes]]:
    """Read which creator a manifest token names, trusting nothing: the did, and its key to verify with.

    That the signature fits says only that this creator made it; whether to trust the creator is the caller's.
    Raises WireError when the token is too large, malformed, or names no creator.
    """
    check_manifest_size(len(token))
    did = jws.unverified_claims(token).get("iss")
    if not isinstance(did, str):
        raise WireError(
            "pack-no-creator", "The pack's manifest names no creator. Ask for a pack made by `stall pack build`."
        )
    public = keys.public_from_did(did)
    return did, {keys.thumbprint(public): public}


def verified(token: str, creator: Mapping[str, bytes], delegations: Iterable[Delegation] = ()) -> Manifest:
    """Verify a manifest by the creator's key, or by the delegation that its signer held from them when it was issued.

    `delegations` are verified already. Raises WireError.
    """
    signer = jws.unverified_kid(token)
    by_signer = [one for one in delegations if keys.thumbprint_of_did(one.sub) == signer]
    if signer in creator or not by_signer:
        return manifests.verify(token, creator)
    issued_s = manifests.parse(jws.unverified_claims(token)).iat
    chain = holding([one for one in by_signer if keys.thumbprint_of_did(one.iss) in creator], issued_s)
    return manifests.verify(token, {**creator, signer: keys.public_from_did(by_signer[0].sub)}, chain)


def match(manifest: Manifest, entries: Sequence[Entry], prefix: str = FILES_PREFIX) -> list[Entry]:
    """Pair the container's entries (the manifest's own left out) with the manifest's files, in its order.

    Raises WireError naming the file: missing, not in the manifest, twice, or of another size.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in found:
            raise _twice(entry)
        found[entry.name] = entry
    ordered = [_match_one(found, entry_name(file.path, prefix), file.path, file.size) for file in manifest.files]
    if found:
        raise _unexpected(next(iter(found)).removeprefix(prefix))
    return ordered


def _match_one(found: dict[str, Entry], name: str, path: str, size: int) -> Entry:
    entry = found.pop(name, None)
    if entry is None:
        raise WireError(
            "pack-missing-file", f"“{_shown(path)}” is missing from the pack. Copy the pack again from the laptop."
        )
    check_size(entry, path, size)
    return entry


def check_size(entry: Entry, path: str, size: int) -> None:
    """Compare the size of an entry with what was signed for `path`. Raises WireError."""
    if entry.size != size:
        raise WireError(
            "pack-changed-file",
            f"“{_shown(path)}” in the pack has {entry.size} bytes, its creator signed {size}. Copy the pack again.",
        )


def unexpected(entry: Entry, before: Iterable[Entry]) -> WireError:
    """What is wrong with an entry under `files/` that the manifest has no file for, after those `before` it."""
    if any(entry.name == one.name for one in before):
        return _twice(entry)
    return _unexpected(entry.name.removeprefix(FILES_PREFIX))


def _twice(entry: Entry) -> WireError:
    return WireError(
        "pack-duplicate-file", f"The pack holds “{_shown(entry.name)}” twice. Ask its creator for a new pack."
    )


def _check_path(path: str, name: str) -> None:
    if name.endswith("/"):
        raise WireError(
            "pack-path",
            f"The pack has an entry of its own for the folder “{_shown(name)}”, and a pack holds files only. Nothing was "
            "taken from it; ask its creator for a pack built with `stall pack build`.",
        )
    try:
        paths.check(path)
    except WireError as wrong:
        raise WireError(
            "pack-path",
            f"The pack holds a file named “{_shown(name)}”, which is not allowed. Nothing was taken from it; ask its "
            "creator for a new pack.",
        ) from wrong


def _unexpected(name: str) -> WireError:
    return WireError(
        "pack-unexpected-file",
        f"The pack holds “{_shown(name)}”, which its creator did not sign. Ask its creator for a new pack.",
    )


def _shown(name: str) -> str:
    return shown.line(name, shown.MOST_NAME)
