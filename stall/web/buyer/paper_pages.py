"""What the pages of receipt and certificate show, and the ZIP of a buyer's papers. Loaded when the first of them is asked for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import render_template, request
from markupsafe import Markup

from stall.store import claims, returns, sales, worth
from stall.store.box import Box
from stall.store.sales import Sale
from stall.store.worth import Held
from stall.web import ids, language, qr
from stall.web.buyer import grade_words, paper_files, paper_sheets
from stall.web.buyer.paper_sheets import Signed
from stall.wire import fingerprint, keys, seal


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A paper that takes something of a sale back: the name of its page, and whether it is a refund, exchange or void."""

    jti: str
    kind: str


def receipt_page(box: Box, jti: str) -> str:
    """The page of a receipt. Raises Refused `page-unknown`."""
    found = find_receipt(box, jti)
    conn = box.db.read()
    drops = dict.fromkeys(item.drop for item in found.receipt.items if item.drop is not None)
    return render_template(
        "receipt.html",
        found=found,
        r=found.receipt,
        taken_back=[] if found.void else _taken_back(box, found.sale),
        bought=_bought(box, found),
        lines=sales.lines(conn, found.sale.no),
        back={} if found.void else returns.taken_back(conn, found.sale.no),
        certificates=[] if found.void else claims.certified(conn, found.sale.no),
        total=sum(pay.minor for pay in found.receipt.pay),
        seller=paper_sheets.beside(box.settings.seller, box.settings.name),
        command=_command("receipt.jws"),
        checker=_checker(found.token, *paper_files.delegations(box, drops).values()),
    )


def certificate_page(box: Box, name: str) -> str:
    """The page of a certificate. Raises Refused `page-unknown`."""
    held = worth.find(box.db.read(), ids.certificate_uuid(name))
    if held is None:
        raise ids.unknown_page()
    return render_template("certificate.html", **_certificate_page(box, held, uuid.UUID(name)))


def _certificate_page(box: Box, held: Held, name: uuid.UUID) -> dict[str, object]:
    """What the page of a certificate shows. Its receipt is not among it: whoever is shown the one need not see the other."""
    conn, subject = box.db.read(), held.document["credentialSubject"]
    digest = seal.digest_of(held.document)
    called = seal.name(digest)
    graded = worth.graded(conn, box.secrets.signing, held, box.settings.cloud)
    gone = held.sale.void_event or returns.event_of(conn, name.bytes)
    address = f"{box.settings.web.address}/c/{name}"
    file = f"{paper_sheets.certificate_file(subject)}.json"
    return {
        "c": held.document,
        "s": subject,
        "name": name,
        "title": paper_sheets.title_of(held.document),
        "number": subject.get("edition"),
        "called": called,
        "seal": Markup(seal.svg(digest, language.t("papers.seal", called=called))),  # noqa: S704 - it escapes its label
        "creator_key": fingerprint.of(keys.public_from_did(subject["creator"])),
        "told": grade_words.told(graded, arrived=worth.arrived(conn, held.sale.no)),
        "paper_back": None if gone is None else _id_of(box, gone),
        "file": file,
        "checker": _checker(held.text),
        "command": _command(file),
        "passing_command": Markup("<code>stall owner prove --to</code>"),
        "address": address,
        "picture": "picture" in request.args,
        "code": qr.svg(address, label=str(language.t("papers.qr"))),
    }


def _checker(*papers: str) -> str:
    """The address of the page that checks papers, these handed over behind its `#`, which no server and no log sees."""
    return "/verify.html#" + urlencode([("lang", language.current()), *(("paper", paper) for paper in papers)])


def _command(file: str) -> Markup:
    return Markup("<code>stall verify {}</code>").format(file)


def _taken_back(box: Box, sale: Sale) -> list[TakenBack]:
    """The papers that take something of a sale back, in the order they were signed."""
    found = [
        (one.receipt_event, "exchange" if one.issue or one.total_minor > 0 else "refund")
        for one in returns.of_sale(box.db.read(), sale.no)
        if one.receipt_event is not None
    ]
    if sale.void_event is not None and sale.void_event not in {key for key, _ in found}:
        found.append((sale.void_event, "void"))
    return [TakenBack(ids.receipt_id(box.secrets, key), kind) for key, kind in sorted(found)]


def _bought(box: Box, found: Signed) -> str | None:
    """The receipt that a paper takes something back of."""
    if found.void:
        return _id_of(box, found.sale.receipt_event)
    of = None if found.sale.ref_sale is None else sales.find(box.db.read(), found.sale.ref_sale)
    return None if of is None else _id_of(box, of.receipt_event)


def _id_of(box: Box, event_key: int | None) -> str | None:
    return None if event_key is None else ids.receipt_id(box.secrets, event_key)


def find_receipt(box: Box, jti: str) -> Signed:
    """The receipt an address names. Raises Refused `page-unknown`."""
    try:
        return paper_files.find_signed(box, ids.receipt_event(box.secrets, jti))
    except LookupError:
        raise ids.unknown_page() from None
