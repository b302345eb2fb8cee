"""What anybody may see and hear of a drop, and the small pictures and the colour that its pages are drawn with.

A file of `role: sample` is public while the maker's switch of its drop is on, whatever the time is: before the opening it
invites, after the end it stays. Who switches a drop off, or never switched it on, takes its samples away; so does a creator who
takes this box's right back, for that switches it off too. A sample is not a download: nobody counts it and it needs no grant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from flask import Blueprint, Response, send_from_directory

from stall.domain import colour, contents
from stall.flows.claim import check_not_going_back
from stall.store import catalogue, previews
from stall.store.catalogue import DropCard, PackFile
from stall.web import files, granted, ids, links
from stall.web.buyer.shop import Shop

_PICTURE = re.compile(rf"[0-9a-f]{{64}}(?:-{previews.SMALL})?")
#: How the name of a snippet ends (store/snippets.py, which a test compares; importing it here would be loaded at the start).
_SNIPPETS = frozenset({"flac", "m4a", "mp3", "mp4", "ogg", "wav", "webm"})
_FOR_EVER = f"public, max-age={365 * 24 * 3600}, immutable"
#: What a browser needs to play or show one file by itself, and nothing that it could run. Not `sandbox`: a player asks for the
#: file's parts in the name of the page it stands on, and in a sandbox that is nobody's.
_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"


def pages(shop: Shop) -> Blueprint:
    """The routes of samples, small pictures and accents."""
    routes = Blueprint("samples", __name__)
    box = shop.box

    @routes.get("/d/<drop>/sample/<sha256>/<name>")
    def sample(drop: str, sha256: str, name: str) -> Response:
        conn = box.db.read()
        card = catalogue.card(conn, drop, box.now_ms())
        wanted = [] if card is None else of_files(card, catalogue.files(conn, card.pack))
        found = next((file for file in wanted if (file.sha256, file.name) == (sha256, name)), None)
        if found is None:
            raise ids.unknown_page()
        return _open_to_all(files.show(box.folder, found, behind_nginx=shop.behind_nginx), found)

    @routes.get("/preview/<name>.jpg")
    def preview(name: str) -> Response:
        if not _PICTURE.fullmatch(name):
            raise ids.unknown_page()
        answer = send_from_directory(box.folder / previews.PUBLIC, f"{name}.jpg", mimetype="image/jpeg")
        answer.headers["Cache-Control"] = _FOR_EVER
        answer.headers["Content-Security-Policy"] = _POLICY
        return answer

    @routes.get("/snippet/<name>")
    def snippet(name: str) -> Response:
        sha256, _, ends = name.partition(".")
        kind = links.TYPES[ends] if ends in _SNIPPETS else None
        try:
            size = (box.folder / previews.PUBLIC / name).stat().st_size if kind and _PICTURE.fullmatch(sha256) else 0
        except OSError:
            size = 0
        if not size:
            raise ids.unknown_page()
        cut = PackFile(0, name, size, sha256, kind or "", "snippet")
        return _open_to_all(files.send(box.folder, cut, 0, files.nobody_counts), cut)

    @routes.get("/thumb/<grant>/<sha256>.jpg")
    def thumb(grant: str, sha256: str) -> Response:
        found, _ = granted.live_grant(box, grant)
        check_not_going_back(box.db.read(), found.sale)
        bought = [pack for pack in granted.listing(box.db.read(), found) if not pack.paused]
        if not any(one.file.sha256 == sha256 and one.file.preview for pack in bought for one in pack.files):
            raise ids.unknown_page()
        answer = send_from_directory(box.folder / previews.BOUGHT, f"{sha256}.jpg", mimetype="image/jpeg")
        answer.headers["Cache-Control"] = "private, max-age=3600"
        return answer

    @routes.get("/accent/<name>.css")
    def accent(name: str) -> Response:
        sheet = _sheet(name)
        if sheet is None:
            raise ids.unknown_page()
        return Response(sheet, mimetype="text/css", headers={"Cache-Control": _FOR_EVER})

    return routes


def of_files(card: DropCard, files: Sequence[PackFile]) -> list[PackFile]:
    """Those of a drop's files that anybody may see now."""
    return [file for file in files if file.role == "sample"] if card.switched_on else []


def address(card: DropCard, file: PackFile) -> str:
    """Where a sample is found. Its hash stands in the address, so what is there never changes."""
    return f"/d/{card.drop_id}/sample/{file.sha256}/{quote(file.name, safe='')}"


def _open_to_all(answer: Response, file: PackFile) -> Response:
    """Let a phone keep a sample and show it in its place, where that is safe."""
    headers = answer.headers
    headers["Cache-Control"] = _FOR_EVER
    if contents.shown_inline(file.type):
        headers["Content-Security-Policy"] = _POLICY
        if "Content-Disposition" in headers:
            headers["Content-Disposition"] = headers["Content-Disposition"].replace("attachment", "inline", 1)
    return answer


@lru_cache(maxsize=64)
def _sheet(name: str) -> str | None:
    """The stylesheet of an accent: the colour `name`, corrected for each scheme; None when it names none."""
    base = colour.parse(name)
    if base is None:
        return None
    light, dark = (
        f":root{{--accent:#{colour.text(made.colour)};--on-accent:#{colour.text(made.on)}}}"
        for made in (colour.light(base), colour.dark(base))
    )
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}"
