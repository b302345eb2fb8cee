"""Signed links that nginx cannot answer alone, as a download that goes on after its link is over: answered without the framework.

The same questions in the same order as `downloads.signed_link`, in one view of the database; whatever is refused there is refused
here, and told by the framework.
"""

from __future__ import annotations

import re
import sqlite3

from stall.errors import StallError
from stall.flows.record_transfer import check_download
from stall.store import returns
from stall.store.readonly import one_view
from stall.web import files, granted, guard, ranges
from stall.web.buyer.shop import Shop
from stall.web.files import Asked
from stall.web.plain import Plain
from stall.web.ranges import Conditions

_LINK = re.compile(r"/f/([A-Za-z0-9_-]{22})/([0-9a-f]{64})/(.+)")
_SIGNED = re.compile(r"e=([0-9]{1,12})(?:&n=[A-Za-z0-9._-]{1,255})?(?:&z=1)?&s=([A-Za-z0-9_-]{22})")
#: What else nginx may say or ask of a file: not usual.
_ODD = frozenset({"X_STALL_BUSY", *(name.upper().replace("-", "_") for name in files.NOT_FOR_NGINX)})


def headers(shop: Shop, request: Plain) -> list[tuple[str, str]] | None:
    """The headers by which nginx sends the file a signed link means; None where that is not the usual answer."""
    link, signed = _LINK.fullmatch(request.path), _SIGNED.fullmatch(request.query)
    if link is None or signed is None or not shop.behind_nginx or not _ODD.isdisjoint(request.headers):
        return None
    grant, sha256, name = link.groups()
    if not shop.links.good(grant, sha256, name, *signed.groups()):
        return None
    try:
        status, own = _handed(shop, grant, sha256, name, request)
    except (StallError, sqlite3.Error):  # told by the framework
        return None
    if status != ranges.WHOLE:
        return None
    return guard.sealed([*own.items(), ("Content-Length", "0")], with_form=False)


def _handed(shop: Shop, grant: str, sha256: str, name: str, request: Plain) -> tuple[int, dict[str, str]]:
    box = shop.box
    conn = box.db.read()
    with one_view(conn):
        found, _ = granted.live_grant(box, grant)
        paused = returns.paused(conn, found.sale)
        if paused:
            return ranges.CHANGED, {}
        wanted = granted.one(conn, found, name, paused)
    check_download(wanted.taken, wanted.allowed)
    if wanted.file.sha256 != sha256 or not wanted.file.size:
        return ranges.CHANGED, {}
    said = request.headers
    conditions = Conditions(
        if_none_match=said.get("IF_NONE_MATCH"), if_range=said.get("IF_RANGE"), range=said.get("RANGE")
    )
    asked = Asked(grant, found.no, name, wanted.file)
    return files.handed_back(box.folder, asked, conditions, "RANGE" in said)
