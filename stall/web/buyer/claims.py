"""From a claim code to one phone's download page: opening a code, and what it gave."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from stall.domain import basket
from stall.errors import Refused
from stall.flows.claim import check_claim, redeem_code
from stall.store import claim_codes, claims, returns, sales
from stall.store.box import Box
from stall.store.claims import Claim, Grant
from stall.web import granted, ids, language
from stall.web.buyer import handover, papers, photos
from stall.web.buyer.photos import Photo
from stall.web.buyer.shop import Shop
from stall.web.error_pages import status_of
from stall.web.granted import GrantedPack
from stall.web.guard import page_has_form
from stall.wire import claimcode, crockford

SEE_OTHER = 303
#: Where the address of an opened code keeps the key of its button, so that the same page opened again is the same phone.
PRESS = "press"


def pages(shop: Shop) -> Blueprint:
    """The routes of codes and grants. Looking at a code burns nothing; its button does."""
    routes = Blueprint("claims", __name__)
    box = shop.box

    @routes.get("/t")
    def ask_code() -> str:
        page_has_form()
        return render_template("type_code.html", typed="", refused=None)

    @routes.post("/t")
    def typed_code() -> AnyResponse | tuple[str, int]:
        shop.tries.may_guess()
        typed = request.form.get("code", "")
        try:
            return redirect(language.at(f"/T/{claimcode.encode(claimcode.decode(typed))}"), SEE_OTHER)
        except Refused as refused:
            return _ask_again(typed, refused)[0], 400

    @routes.get("/T/<typed>")
    @routes.get("/t/<typed>")
    def open_code(typed: str) -> str | tuple[str, int]:
        try:
            code = _known(shop, typed)
        except Refused as refused:
            return _ask_again(typed, refused)
        conn = box.db.read()
        found = claims.by_digest(conn, claimcode.digest(code))
        items = [] if found is None else claims.bought(conn, found.sale)
        key = request.args.get(PRESS) or ids.new_press()
        page_has_form()
        return render_template(
            "code.html",
            code=claimcode.encode(code),
            items=items,
            accent=claims.accent(items),
            press_key=key,
            handed=None if found is None else handover.of_claim(box, found, key),
            mine=None if found is None else handover.mine(conn, found.sale, items),
        )

    @routes.post("/T/<typed>")
    @routes.post("/t/<typed>")
    def redeem(typed: str) -> AnyResponse | tuple[str, int]:
        shop.tries.press()
        try:
            code = _known(shop, typed)
        except Refused as refused:
            return _ask_again(typed, refused)
        press = ids.read_press(request.form.get("press", ""))
        owner = request.form.get("owner") or None
        grant = box.write("claim", lambda tx: redeem_code(tx, code, press, owner))
        return handover.lead(box, grant)

    @routes.get("/g/<name>")
    def download_page(name: str) -> str:
        grant, claim = granted.live_grant(box, name)
        packs = granted.listing(box.db.read(), grant)
        pictures = photos.of(packs)
        photo = photos.asked(pictures)
        if photo is not None:
            return render_template("photo.html", name=name, photo=photo, count=len(pictures))
        papers.draw_ahead(shop, grant.sale)
        return _page(box, name, grant, claim, packs, pictures)

    return routes


def _page(box: Box, name: str, grant: Grant, claim: Claim, packs: list[GrantedPack], pictures: list[Photo]) -> str:
    """All that a grant opens, and where it goes on the phone."""
    conn = box.db.read()
    sale = sales.get(conn, grant.sale)
    return render_template(
        "grant.html",
        name=name,
        packs=packs,
        accent=claims.accent(claims.bought(conn, sale.no)),
        photos=pictures,
        only_file=handover.only_file,
        going_back=all(pack.paused for pack in packs),
        partly_back=bool(returns.taken_back(conn, sale.no)),
        paid=sale.total_minor > 0,
        papers=granted.papers_name(packs),
        jti=ids.receipt_id(box.secrets, sale.receipt_event or 0),
        code=claim_codes.code_of(conn, box.secrets.claim_key, sale),
        expires_ms=claim.expires_ms,
        now=box.now_ms(),
        address=box.settings.web.address.split("//")[-1],
    )


def _ask_again(typed: str, refused: Refused) -> tuple[str, int]:
    """Offer the field again with the letters as typed: one may be wrong among 26, or it is the other code, of four."""
    page_has_form()
    refused = _other_code(typed) or refused
    return render_template("type_code.html", typed=_spelled(typed), refused=refused), status_of(refused)


def _other_code(typed: str) -> Refused | None:
    """What to say of four signs, as an unpaid order has them. Nobody looks whether there is such an order."""
    if not basket.is_code(typed):
        return None
    return Refused(
        "claim-code-of-order",
        "Four characters are the code of an order that is not paid yet: show them at the stall. Your files open with 26.",
    )


def _spelled(typed: str) -> str:
    """A whole code in its groups of four, as on the stall's screen; anything else as it was typed."""
    try:
        return crockford.grouped(claimcode.encode(claimcode.decode(typed)))
    except Refused:
        return typed[:40]


def _known(shop: Shop, typed: str) -> bytes:
    """Read a code that opens something here; every other gives one answer. Raises Refused `claim-unknown`."""
    shop.tries.may_guess()
    code = claimcode.decode(typed)
    now_ms = shop.box.now_ms()
    check_claim(claims.by_digest(shop.box.db.read(), claimcode.digest(code)), now_ms)
    return code
