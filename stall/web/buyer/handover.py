"""From the button to the file: one press makes the grant and leads straight to what was bought.

A browser that is led to a file stays on the page it is on, so that page says where the file went and what to do next. Where
there is no one file to begin with (several packs, or nothing left to download), the button leads to the download page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import redirect, request
from werkzeug.wrappers import Response

from stall.errors import Refused
from stall.flows.claim import check_claim
from stall.flows.name_owner import may_name_owner, owner_of
from stall.store import claims, presses
from stall.store.box import Box
from stall.store.claims import Bought, Claim, Grant
from stall.web import granted, ids, language
from stall.web.granted import GrantedFile, GrantedPack

SEE_OTHER = 303
#: What the button of a form sends that asks for the file itself; without it a press leads to the download page.
FILE = "file"


@dataclass(frozen=True, slots=True)
class Handed:
    """What a press hands out at once, if it is one file; the address of the grant an earlier press made, and of the file under it."""

    file: GrantedFile | None
    packs: int
    page: str | None = None
    address: str | None = None


def first_file(packs: Sequence[GrantedPack]) -> GrantedFile | None:
    """What "Download" means: the only file of an only pack, else its ZIP; None where there is no one file to begin with."""
    if len(packs) != 1 or packs[0].paused:
        return None
    wanted = only_file(packs[0]) or packs[0].whole
    return wanted if wanted.taken < wanted.allowed else None


def only_file(pack: GrantedPack) -> GrantedFile | None:
    """The one file somebody bought, where a pack has no more; what anybody may look at does not count."""
    bought = [file for file in pack.files if file.file.role != "sample"]
    return bought[0] if len(bought) == 1 else None


def of_claim(box: Box, claim: Claim, key: str) -> Handed | None:
    """What the button with this key hands out, and the grant that an earlier press of it made; None once the claim is over.

    Raises Refused `press-malformed`.
    """
    conn = box.db.read()
    try:
        check_claim(claim, box.now_ms())
    except Refused:
        return None
    grant = presses.seen(conn, presses.bind("claim", claim.id, ids.read_press(key)))
    packs = granted.listing(conn, Grant(grant or 0, claim.id, 0, 0))
    file = first_file(packs)
    if grant is None:
        return Handed(file, len(packs))
    page = f"/g/{ids.grant_id(box.secrets, grant)}"
    return Handed(file, len(packs), page, None if file is None else f"{page}/{quote(file.name)}")


def mine(conn: sqlite3.Connection, sale: int, bought: Sequence[Bought]) -> str:
    """Whether what was bought can still be made out to a key of its buyer: `offer`; else `owned`, or `late` where it names nobody."""
    if may_name_owner(bought):
        return "offer"
    return "late" if owner_of(conn, sale) is None else "owned"


def lead(box: Box, grant: int) -> Response:
    """Lead a phone whose press made this grant to its file, or to the download page where the button asked for that."""
    page = f"/g/{ids.grant_id(box.secrets, grant)}"
    if request.form.get("to") == FILE:
        row = claims.grant(box.db.read(), grant)
        file = None if row is None else first_file(granted.listing(box.db.read(), row))
        if file is not None:
            return redirect(f"{page}/{quote(file.name)}", SEE_OTHER)
    return redirect(language.at(page), SEE_OTHER)
