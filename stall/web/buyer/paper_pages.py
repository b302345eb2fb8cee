"""What the pages of receipt and certificate show, and the ZIP of a buyer's papers. Loaded when the first of them is asked for."""

from __future__ import annotations

import io
import sqlite3
import uuid
import zipfile
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, render_template
from markupsafe import Markup

from stall import log
from stall.errors import StallError
from stall.flows.prove_entries import prove_entries
from stall.store import catalogue, claims, closings, documents, journal, returns, sales, worth
from stall.store.box import Box
from stall.store.sales import Sale
from stall.store.worth import Held
from stall.web import ids, language, qr
from stall.web.buyer import grade_words
from stall.web.files import disposition
from stall.wire import credential, event, fingerprint, keys, receipt, seal
from stall.wire.receipt import Receipt

_ZIP_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt as signed, or what takes another back, and the sale it belongs to."""

    token: str
    receipt: Receipt
    sale: Sale
    typ: str

    @property
    def void(self) -> bool:
        """It takes its own sale back, whole."""
        return self.typ == receipt.VOID and self.sale.ref_sale is None

    @property
    def kind(self) -> str:
        """What it is: receipt, refund, void or exchange."""
        return receipt.WORDS[self.typ] if self.sale.ref_sale is None or self.typ != receipt.RECEIPT else "exchange"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A paper that takes something of a sale back: the name of its page, and whether it is a refund, exchange or void."""

    jti: str
    kind: str


def receipt_page(box: Box, jti: str) -> str:
    """The page of a receipt. Raises Refused `page-unknown`."""
    found = find_receipt(box, jti)
    conn = box.db.read()
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
        seller=_beside(box.settings.seller, box.settings.name),
        command=_command("receipt.jws"),
        checker=_checker(found.token, *_delegations(conn, box, found.sale.no).values()),
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
    number, called = subject.get("edition"), seal.name(digest)
    graded = worth.graded(conn, box.secrets.signing, held, box.settings.cloud)
    gone = held.sale.void_event or returns.event_of(conn, name.bytes)
    address = f"{box.settings.web.address}/c/{name}"
    file = f"certificate-{subject['drop']}{'' if number is None else f'-{number}'}.json"
    return {
        "c": held.document,
        "s": subject,
        "name": name,
        "title": held.document["name"].removesuffix(credential.name_of("", number, subject.get("editionSize"))),
        "number": number,
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


def _bought(box: Box, found: Found) -> str | None:
    """The receipt that a paper takes something back of."""
    if found.void:
        return _id_of(box, found.sale.receipt_event)
    of = None if found.sale.ref_sale is None else sales.find(box.db.read(), found.sale.ref_sale)
    return None if of is None else _id_of(box, of.receipt_event)


def _beside(seller: str, stall: str) -> str:
    """What the seller's words add to the stall's name, which stands above them."""
    return seller[len(stall) :].lstrip(" ,;·\n") if seller.startswith(stall) else seller


def _id_of(box: Box, event_key: int | None) -> str | None:
    return None if event_key is None else ids.receipt_id(box.secrets, event_key)


def find_receipt(box: Box, jti: str) -> Found:
    """The receipt an address names. Raises Refused `page-unknown`."""
    conn = box.db.read()
    data = journal.event_bytes(conn, ids.receipt_event(box.secrets, jti))
    body = {} if data is None else event.decode(data).body
    token, number = body.get("receipt"), body.get("sale")
    sale = sales.find(conn, number) if isinstance(number, int) else None
    if not isinstance(token, str) or sale is None:
        raise ids.unknown_page()
    own = box.secrets.signing
    typ, signed = receipt.verify_any(token, {own.thumbprint: own.public})
    return Found(token, signed, sale, typ)


def papers_zip(box: Box, grant: claims.Grant) -> Response:
    """The buyer's papers as one small ZIP, made in memory: nothing in it is larger than a page of text."""
    conn = box.db.read()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, text in _papers(conn, box, grant):
            made.writestr(zipfile.ZipInfo(name, _ZIP_DAY), text)
    answer = Response(out.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = disposition("papers.zip")
    return answer


def _papers(conn: sqlite3.Connection, box: Box, grant: claims.Grant) -> list[tuple[str, str]]:
    sale = sales.get(conn, grant.sale)
    found = find_receipt(box, ids.receipt_id(box.secrets, sale.receipt_event or 0))
    papers, events = [("receipt.jws", found.token)], {"receipt": sale.receipt_event or 0}
    for item in claims.bought(conn, grant.sale):
        label = item.drop_id if item.ed is None else f"{item.drop_id}-{item.ed}"
        held = None if item.certificate is None else worth.find(conn, item.certificate)
        if held is not None:
            papers.append((f"certificate-{label}.json", held.text))
            if not held.by_creator:  # else the journal has it as the box signed it, and nobody needs that any more
                events[f"certificate-{label}"] = held.event
            ended = None if held.by_creator else closings.statement(conn, item.drop_id)
            papers += [] if ended is None else [(f"close-{item.drop_id}.jws", ended)]
        papers.append((f"manifest-{item.drop_id}.jws", catalogue.pack_manifest(conn, item.pack)))
    papers += [(f"delegation-{drop}.jws", token) for drop, token in _delegations(conn, box, grant.sale).items()]
    proofs = _proofs(box, events)
    return [*dict(papers).items(), *((f"{name}.tlog-proof", text) for name, text in proofs.items())]


def _delegations(conn: sqlite3.Connection, box: Box, sale: int) -> dict[str, str]:
    """By which the box signs for the creators of what was bought, by drop."""
    found = {}
    for item in claims.bought(conn, sale):
        card = catalogue.card(conn, item.drop_id, box.now_ms())
        creator = None if card is None else documents.creator_no(conn, card.creator)
        given = documents.delegation_of(conn, creator or 0, box.secrets.signing.thumbprint)
        if given is not None:
            found[item.drop_id] = given[0]
    return found


def _proofs(box: Box, events: dict[str, int]) -> dict[str, str]:
    """That receipt and certificates stand in the journal. Where that cannot be shown now, the papers go out without."""
    try:
        found = prove_entries(box, events.values())
    except StallError as trouble:
        log.get("web").warning("proofs.missing", reason=trouble.code)
        return {}
    return {name: found[key] for name, key in events.items()}
