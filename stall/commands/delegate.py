"""`stall delegate`: the creator lets a box, a cloud or a second signer act in their name."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import given, say
from stall.commands.signing import PASSPHRASE

if TYPE_CHECKING:
    from stall.creator.delegations import Role
    from stall.wire.delegation import Cap, Delegation, Max

CAPS = ("receipt", "cert", "badge", "log", "cosign", "decline", "lease", "manifest")
_WHERE = {
    "box": "On the box:",
    "cloud": "On each box that sends its journal to this cloud:",
    "signer": "On each box that takes packs of this signer, before stall pack import:",
}


@click.command()
@click.option(
    "--creator", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="The creator's folder."
)
@click.option(
    "--box",
    "--to",
    "recipient",
    required=True,
    metavar="DID|FILE",
    callback=given.no_folder,
    help="Whom: a did, or a file with one (`stall keys show --json`).",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the delegation."
)
@click.option(
    "--role",
    type=click.Choice(["box", "cloud", "signer"]),
    default="box",
    show_default=True,
    help="What the key is for.",
)
@click.option(
    "--cap",
    "caps",
    multiple=True,
    type=click.Choice(CAPS),
    help="What it may sign; may be given again. A box: receipt, cert, badge, log; a cloud: cosign, decline, lease; a signer:"
    " manifest. If not given, all of its role, but a cloud not `lease`: once a cloud leases a drop's numbers, you never can again.",
)
@click.option("--drop", "drops", multiple=True, help="Only for this drop; may be given again. All drops if not given.")
@click.option(
    "--days",
    type=click.IntRange(1, 400),
    help="How long: a box at most 120 (90 if not given), a cloud or signer at most 400 (365).",
)
@click.option("--name", help="Its name, as verifiers read it; a box's own, from its file, if not given.")
@click.option("--any-board", is_flag=True, help="Do not bind it to the board that the box's file names.")
@click.option("--currency", default="EUR", show_default=True, help="Currency of the limits.")
@click.option("--max-sale", default="100", show_default=True, help="Largest sale on a card read offline.")
@click.option(
    "--max-stored", default="1000", show_default=True, help="Largest sum of cards read offline and not yet sent."
)
@click.option(
    "--max-hours",
    type=click.IntRange(0, 8760),
    default=24,
    show_default=True,
    help="Hours until a card read offline must be sent.",
)
@PASSPHRASE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def delegate(
    *,
    folder: Path,
    recipient: str,
    out: Path,
    role: Role,
    caps: tuple[Cap, ...],
    drops: tuple[str, ...],
    days: int | None,
    name: str | None,
    any_board: bool,
    currency: str,
    max_sale: str,
    max_stored: str,
    max_hours: int,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Sign a delegation for a box (or, with --role, a cloud or a signer) and write it to --out."""
    from stall.clock import SystemClock
    from stall.commands import signing
    from stall.creator import delegations, handover, recipients
    from stall.errors import Refused
    from stall.wire import delegation, jws

    handover.check_free(out)
    creator = signing.opened(folder, passphrase_file)
    to = recipients.read(recipient)
    if to.did is None:
        raise Refused("delegate-needs-did", "A delegation names a key by its did, not by its thumbprint. Give the did.")
    token = delegations.delegate(
        creator,
        to.did,
        role,
        now_s=SystemClock().wall_ms() // 1000,
        caps=caps,
        drops=drops or ("*",),
        max_=_limits(currency, max_sale, max_stored, max_hours) if role == "box" else None,
        days=days,
        name=name or (to.name if role == "box" else None),
        hw=None if any_board else to.hw,
    )
    handover.write(out, token)
    if as_json:
        say.facts({"file": str(out), "hash": jws.token_hash(token), "sub": to.did, "role": role})
        return
    signed = delegation.verify(token, {creator.key.thumbprint: creator.key.public})
    say.line(f"Wrote {out}: {to.did} may act as {role} of {creator.name} and sign {', '.join(signed.cap)}.")
    for sentence in _warnings(signed):
        say.line(sentence)
    say.lines(_WHERE[role], f"  stall accept --data BOX {shlex.quote(str(out))}")


def _warnings(given: Delegation) -> list[str]:
    """What its delegate cannot do, or the creator no longer can, that somebody may not expect."""
    said: list[str] = []
    if given.role == "box" and "receipt" not in given.cap:
        said.append("Without --cap receipt this box can sell nothing of yours.")
    elif given.role == "box" and "cert" not in given.cap:
        said.append("Without --cap cert buyers at this box get no certificate.")
    if "lease" in given.cap:
        drops = "all your drops" if "*" in given.drops else ", ".join(given.drops)
        said.append(
            f"From now on this cloud leases the numbers of {drops}; you cannot any more, even if you take it back."
        )
    return said


def _limits(currency: str, sale: str, stored: str, hours: int) -> Max:
    from stall.domain import money
    from stall.wire.delegation import Max

    return Max(
        cur=currency,
        sale=money.parse(sale, currency),
        stored_total=money.parse(stored, currency),
        stored_age_h=hours,
    )
