"""The same catalogue as data, for other people's programs: documented, cacheable, no key needed."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response

from stall.store import catalogue, closings, documents, journal
from stall.store.catalogue import DropCard
from stall.web import ids
from stall.web.buyer.shop import Shop
from stall.wire import canonical, keys


def pages(shop: Shop) -> Blueprint:
    """The data routes."""
    routes = Blueprint("data", __name__)
    box = shop.box

    @routes.get("/catalog.json")
    @shop.pages.data
    def catalog() -> Response:
        cards = catalogue.cards(box.db.read(), box.now_ms())
        return _cached(
            canonical.dumps({"v": 1, "stall": box.settings.name, "drops": [_drop(card) for card in cards]}),
            "application/json",
        )

    @routes.get("/drops/<drop>/manifest.jws")
    @shop.pages.data
    def manifest(drop: str) -> Response:
        token = catalogue.manifest_token(box.db.read(), drop)
        if token is None:
            raise ids.unknown_page()
        return _cached(token.encode(), "application/jose")

    @routes.get("/drops/<drop>/close.jws")
    @shop.pages.data
    def closing_statement(drop: str) -> Response:
        token = closings.statement(box.db.read(), drop)
        if token is None:
            raise ids.unknown_page()
        return _cached(token.encode(), "application/jose")

    @routes.get("/keys.json")
    @shop.pages.data
    def keys_of_the_box() -> Response:
        return _cached(canonical.dumps(_keys(shop)), "application/json")

    @routes.get("/healthz")
    def healthz() -> Response:
        journal.read_head(box.db.read())
        return Response("ok\n", mimetype="text/plain")

    return routes


def _drop(card: DropCard) -> dict[str, object]:
    """One drop; money in minor units, times in seconds UTC, absent facts left out."""
    facts: dict[str, object] = {
        "id": card.drop_id,
        "title": card.title,
        "kind": card.kind,
        "description": card.description or None,
        "licence": card.licence,
        "price": {"cur": card.cur, "minor": card.price_minor},
        "edition": card.edition,
        "remaining": card.remaining,
        "state": card.offer.value,
        "opens": None if card.opens_ms is None else card.opens_ms // 1000,
        "closes": None if card.closes_ms is None else card.closes_ms // 1000,
        "files": card.files,
        "bytes": card.bytes,
        "ver": card.ver,
        "creator": card.creator,
        "page": f"/d/{card.drop_id}",
        "cover": None if card.cover is None else f"/cover/{card.cover}.jpg",
        "manifest": f"/drops/{card.drop_id}/manifest.jws",
        "manifest_hash": card.manifest_hash,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _keys(shop: Shop) -> dict[str, object]:
    """The box's public key, and who says it may sign: each creator with something here, and every delegation they gave.

    The older ones too: by them is judged what was signed while they were in force.
    """
    conn, own = shop.box.db.read(), shop.box.secrets.signing
    creators = list(dict.fromkeys(card.creator for card in catalogue.cards(conn, shop.box.now_ms())))
    return {
        "v": 1,
        "box": {"did": own.did, "thumbprint": own.thumbprint, "epoch": journal.read_head(conn).epoch_text},
        "creators": [{"did": did, "thumbprint": keys.thumbprint(keys.public_from_did(did))} for did in creators],
        "delegations": documents.delegations_to(conn, own.thumbprint, creators),
    }


def _cached(body: bytes, mimetype: str) -> Response:
    """Answer with an ETag: whoever has it already is told so (remembered.py)."""
    answer = Response(body, mimetype=mimetype)
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Access-Control-Allow-Origin"] = "*"  # public facts, for the maker's own web page too
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
    return answer
