"""`stall accept`: the box takes signed documents from its creator."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stall.store.db import Tx

#: No delegation or lease is longer (docs/protocol.md); reading stops there.
MOST_BYTES = 64 * 1024


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Data folder of the box.")
def accept(files: tuple[Path, ...], data: Path) -> None:
    """Accept delegations and leases, one in each FILE: all of them or none."""
    from stall.app import open_box
    from stall.domain import shown

    tokens = [(path, _token(path)) for path in files]
    several = len(tokens) > 1
    box = open_box(data)
    try:
        with box.db.transaction() as tx:
            said = []
            for path, token in tokens:
                with _named(path) if several else contextlib.nullcontext():
                    said.append(f"{shown.name(path.name)}: {_accept(tx, token)}")
    finally:
        box.close()
    say.lines(*said)


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
    from stall.flows.accept_document import accept_delegation, accept_lease
    from stall.wire import delegation, jws, lease

    typ = jws.unverified_typ(token)
    if typ == delegation.TYP:
        given = accept_delegation(tx, token)
        return f"{given.iss} delegates {given.role} ({', '.join(given.cap)}) for {', '.join(given.drops)}"
    if typ == lease.TYP:
        leased = accept_lease(tx, token)
        numbers = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in leased.ranges)
        return f"numbers {numbers} of {leased.drop} may be sold here"
    raise Refused(
        "accept-type",
        f"This is a {_word(typ)}; accept takes delegations and leases. Import packs with: stall pack import --data BOX FILE",
    )


def _word(typ: str) -> str:
    """What a kind of paper is called: a receipt for `stall-receipt+jwt`."""
    from stall.wire import closing, decline, lease_return, manifest, receipt

    words = {
        manifest.TYP: "manifest",
        receipt.RECEIPT: "receipt",
        receipt.REFUND: "refund",
        receipt.VOID: "void",
        lease_return.TYP: "lease return",
        decline.TYP: "decline",
        closing.TYP: "closing statement",
    }
    return words.get(typ, "paper of a kind this box does not know")


def _token(path: Path) -> str:
    from stall.commands import files
    from stall.domain import shown
    from stall.errors import Refused

    data = files.read(path, MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Refused(
            "file-too-large",
            f"{shown.quoted(str(path))} is too large to be a delegation or a lease. Check the name.",
        )
    return data.decode("ascii", errors="replace").strip()
