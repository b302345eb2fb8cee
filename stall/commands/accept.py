"""`stall accept`: the box takes signed documents from its creator."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands import DATA_VARIABLE, say

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from stall.flows.accept_closing import Checked
    from stall.store.box import Box
    from stall.store.db import Tx

#: No delegation or lease is longer (docs/protocol.md).
MOST_BYTES = 64 * 1024
#: Nor a closing statement than this; reading stops there.
MOST_CLOSE_BYTES = 6 * 1024 * 1024
#: Certificates in one ZIP, and their bytes: an edition that can be listed in a closing statement.
MOST_CERTIFICATES, MOST_ZIP_BYTES = 10_000, 96 * 1024 * 1024
#: So many are written in one transaction.
_AT_ONCE = 100


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, readable=False),
    required=True,
    help="Data folder of the box.",
)
def accept(files: tuple[Path, ...], data: Path) -> None:
    """Accept delegations, leases, closing statements, and certificates that their creator signed anew, alone or in a ZIP.

    All FILES are checked before anything of them is kept. Certificates are kept last, some at a time; given again they change nothing.
    In a ZIP, certificates of other boxes are passed over.
    """
    from stall.app import open_box
    from stall.domain import shown

    read = [(path, _read(path)) for path in files]
    several = len(read) > 1
    box = open_box(data)
    said: dict[Path, str] = {}
    checked: dict[Path, list[Checked]] = {}
    try:
        for path, content in read:
            if not isinstance(content, str):
                with _named(path) if several else contextlib.nullcontext():
                    checked[path] = _checked(box.db.read(), content)
        with box.db.transaction() as tx:
            for path, content in read:
                if isinstance(content, str):
                    with _named(path) if several else contextlib.nullcontext():
                        said[path] = _accept(tx, content)
        for path, found in checked.items():
            said[path] = _certificates(box, found)
    finally:
        box.close()
    say.lines(*(f"{shown.name(path.name)}: {said[path]}" for path, _ in read))


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of which file an error speaks; none of them was taken."""
    from stall.domain import shown
    from stall.errors import StallError

    try:
        yield
    except StallError as error:
        error.sentence = f"{shown.quoted(path.name)}: {error.sentence} None of these files was taken."
        raise


def _accept(tx: Tx, token: str) -> str:
    """Accept one document by its type and say what it gives."""
    from stall.errors import Refused
    from stall.flows.accept_closing import accept_close
    from stall.flows.accept_document import accept_delegation, accept_lease
    from stall.wire import closing, delegation, jws, lease

    typ = jws.unverified_typ(token)
    if typ == delegation.TYP:
        given = accept_delegation(tx, token)
        return f"{given.iss} delegates {given.role} ({', '.join(given.cap)}) for {', '.join(given.drops)}"
    if typ == closing.TYP:
        ended = accept_close(tx, token)
        return f"{ended.drop} is closed for good; what is sold and claimed here is final as it lists it"
    if typ == lease.TYP:
        leased = accept_lease(tx, token)
        numbers = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in leased.ranges)
        return f"numbers {numbers} of {leased.drop} may be sold here"
    raise Refused(
        "accept-type",
        f"This is a {_word(typ)}; accept takes delegations, leases, closing statements and certificates. Import packs with: stall pack import --data BOX FILE",
    )


def _word(typ: str) -> str:
    """What a kind of paper is called: a receipt for `stall-receipt+jwt`."""
    from stall.wire import decline, lease_return, manifest, receipt

    words = {
        manifest.TYP: "manifest",
        receipt.RECEIPT: "receipt",
        receipt.REFUND: "refund",
        receipt.VOID: "void",
        lease_return.TYP: "lease return",
        decline.TYP: "decline",
    }
    return words.get(typ, "paper of a kind this box does not know")


def _read(path: Path) -> str | list[dict[str, Any]]:
    """Read a token, or the certificates in a file or a ZIP."""
    from stall.commands import files
    from stall.creator import zips
    from stall.domain import shown
    from stall.errors import Refused
    from stall.wire import strict_json

    data = files.read(path, MOST_CLOSE_BYTES + 1)
    if data.startswith(zips.MARK):
        bounds = zips.Bounds(MOST_CERTIFICATES, MOST_ZIP_BYTES)
        held = [inner for name, inner in zips.read(path, path.name, bounds) if name.endswith(".json") and inner]
        return [document for inner in held if isinstance(document := strict_json.loads(inner.strip()), dict)]
    if len(data) > MOST_BYTES and not (len(data) <= MOST_CLOSE_BYTES and _is_close(data)):
        raise Refused(
            "file-too-large",
            f"{shown.quoted(str(path))} is too large to be a delegation, a lease or a certificate. Check the name.",
        )
    if data.lstrip().startswith(b"{"):
        document = strict_json.loads(data.strip())
        return [document] if isinstance(document, dict) else []
    return data.decode("ascii", errors="replace").strip()


def _is_close(data: bytes) -> bool:
    """Whether a long file is a closing statement, which may be."""
    from stall.errors import StallError
    from stall.wire import closing, jws

    with contextlib.suppress(StallError):
        return jws.unverified_typ(data.decode("ascii", errors="replace").strip()) == closing.TYP
    return False


def _checked(conn: sqlite3.Connection, documents: list[dict[str, Any]]) -> list[Checked]:
    """Check certificates before anything is written; of several those of other boxes are passed over."""
    from stall.errors import Refused
    from stall.flows.accept_closing import check_certificate

    found: list[Checked] = []
    strange: Refused | None = None
    for document in documents:
        try:
            found.append(check_certificate(conn, document))
        except Refused as error:
            if error.code != "countersign-unknown":
                raise
            strange = error
    if strange is not None and not found:
        raise strange
    return found


def _certificates(box: Box, found: list[Checked]) -> str:
    """Keep certificates that their creator signed anew, some at a time: sales go on meanwhile."""
    from stall.creator import chains
    from stall.flows.accept_closing import accept_certificate

    new = 0
    for at in range(0, len(found), _AT_ONCE):
        with box.db.transaction() as tx:
            new += sum([accept_certificate(tx, one) for one in found[at : at + _AT_ONCE]])
    told = chains.counted(new, "certificate")
    return f"{told} signed by the creator, handed out from now on; {len(found) - new} were here before"
