"""What is drawn of a sale: the sheets of its certificates and receipts, in a language, by all that the box knows now.

Asks no request and draws nothing: the command line and the thread that has papers drawn use it too.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

from stall.domain.papersheet import CertificateSheet, Code, Fact, Inside, ReceiptSheet, Row
from stall.i18n import formats, texts
from stall.store import claims, returns, sales, worth
from stall.store.box import Box
from stall.store.sales import Sale
from stall.store.worth import Held
from stall.web.buyer import grade_words
from stall.wire import certificate, credential, fingerprint, jws, keys, receipt, seal
from stall.wire.receipt import Receipt

VERIFY_COMMAND = "stall verify"
#: What a QR code of 41 squares holds at its lowest level (ISO/IEC 18004, version 6, L), in bytes.
MOST_IN_CODE = 134


@dataclass(frozen=True, slots=True)
class _Said:
    """Words, amounts and days in one language and zone."""

    lang: str
    zone: tzinfo

    def text(self, key: str, **facts: object) -> str:
        return texts.text(self.lang, key, **facts)

    def money(self, minor: int, cur: str) -> str:
        return formats.amount(self.lang, minor, cur)

    def moment(self, at_s: int) -> str:
        return formats.date_time(self.lang, at_s * 1000, self.zone)

    def day(self, at_ms: int) -> str:
        return formats.date(self.lang, at_ms, self.zone)


def certificate_sheet(box: Box, held: Held, uuid_: bytes, lang: str) -> tuple[str, CertificateSheet]:
    """What the files of a certificate are called, without their ending, and its sheet, with what it is worth today."""
    conn, document, said = box.db.read(), held.document, _Said(lang, box.settings.zone())
    graded = worth.graded(conn, box.secrets.signing, held, box.settings.cloud)
    told = grade_words.told(graded, arrived=worth.arrived(conn, held.sale.no))
    sheet = replace(
        _certificate(box, held.text, document, uuid.UUID(bytes=uuid_), said),
        mark=told.glyph,
        tone=told.tone,
        head=said.text(told.head),
        why=(*(said.text(key) for key in told.why), said.text("drawn.as_of", day=said.day(box.now_ms()))),
        counts=told.counts,
        proves=_proves(document, said) if told.counts else "",
    )
    return certificate_file(document["credentialSubject"]), sheet


def certificate_file(subject: Mapping[str, Any]) -> str:
    """What a certificate's files are called, without their ending."""
    number = subject.get("edition")
    return f"certificate-{subject['drop']}{'' if number is None else f'-{number}'}"


def _certificate(box: Box, text: str, document: Mapping[str, Any], name: uuid.UUID, said: _Said) -> CertificateSheet:
    """All of a certificate's sheet that stands in the certificate itself, which is `text`, and in the settings."""
    t = said.text
    subject = document["credentialSubject"]
    number, digest = subject.get("edition"), seal.digest_of(document)
    at_s = int(datetime.fromisoformat(document["validFrom"]).replace(tzinfo=UTC).timestamp())
    called = seal.name(digest)
    by_creator = document["issuer"]["id"] == subject["creator"]  # who signed it anew; the stall is not named in it
    place = "" if by_creator else box.settings.place
    where = ", ".join(part for part in (document["issuer"]["name"], place) if part)
    owner = f"{t('papers.owner_key')}: {subject['id']}" if "id" in subject else t("papers.owner_none")
    return CertificateSheet(
        lang=said.lang,
        at_s=at_s,
        inside=Inside("certificate.json", "application/json", text),
        digest=digest.hex(),
        called=called,
        kind=t("papers.certificate"),
        title=title_of(document),
        no=t("papers.no"),
        number="" if number is None else str(number),
        of="" if number is None else t("papers.of", size=subject["editionSize"]),
        mark="",
        tone="good",
        head="",
        why=(),
        proves="",
        facts=(
            (t("papers.licence"), subject["licence"]),
            (t("papers.issued"), said.moment(at_s)),
            (t("papers.creator") if by_creator else t("papers.stall"), where),
            (t("papers.payment"), t(f"papers.paid.{subject['settlement']}")),
            (t("papers.owner"), owner),
        ),
        key=(t("papers.creator_key"), fingerprint.of(keys.public_from_did(subject["creator"]))),
        check=t("papers.check"),
        checks=(
            t("drawn.check_file", command=VERIFY_COMMAND),
            t("drawn.check_inside"),
            t("papers.check_key"),
            t("papers.check_seal", called=called),
        ),
        code=_code(box, f"/c/{name.hex}", certificate.digest(document), said),
        signed=t("papers.signed_facts"),
        signed_facts=(
            (t("papers.identity"), document["id"]),
            (t("papers.creator"), subject["creator"]),
            (t("papers.signed_by"), document["issuer"]["id"]),
            (t("papers.manifest"), subject["manifest"]),
            (t("papers.kind.receipt"), subject["receipt"]),
        ),
        foot=t("drawn.foot"),
        no_font=t("drawn.no_font"),
    )


def title_of(document: Mapping[str, Any]) -> str:
    """The title of what a certificate is of, without the number behind it."""
    subject = document["credentialSubject"]
    numbered = credential.name_of("", subject.get("edition"), subject.get("editionSize"))
    return str(document["name"].removesuffix(numbered))


def _proves(document: Mapping[str, Any], said: _Said) -> str:
    subject, title = document["credentialSubject"], title_of(document)
    if "edition" not in subject:
        return said.text("papers.proves_copy", title=title)
    return said.text("papers.proves_number", number=subject["edition"], size=subject["editionSize"], title=title)


def _code(box: Box, path: str, name: str, said: _Said) -> Code:
    """The page's address, and behind `#` what the signed paper is named by: that stays true when the address is gone."""
    whole = f"{box.settings.web.address}{path}#{name}"
    return Code(whole if len(whole) <= MOST_IN_CODE else f"stall:{path}#{name}", said.text("drawn.code"))


@dataclass(frozen=True, slots=True)
class Signed:
    """A receipt as signed, or what takes another back, and the sale it belongs to. `kind` is what it is called."""

    token: str
    receipt: Receipt
    sale: Sale
    kind: str
    void: bool


def receipt_sheet(box: Box, found: Signed, lang: str) -> ReceiptSheet:
    """The sheet of a receipt, or of what takes one back."""
    said, r = _Said(lang, box.settings.zone()), found.receipt
    t, cur = said.text, found.sale.cur
    money: Callable[[int], str] = partial(said.money, cur=cur)
    total = sum(pay.minor for pay in r.pay)
    return ReceiptSheet(
        lang=lang,
        at_s=r.iat,
        inside=Inside("receipt.jws", "application/jose", found.token),
        kind=t(f"papers.kind.{found.kind}"),
        stall=box.settings.name,
        seller=_seller(box),
        when=f"{said.moment(r.iat)} · {t('papers.sale', no=found.sale.no)}",
        notes=_notes(box, found, said),
        columns=(t("papers.item"), t("papers.amount")),
        rows=_rows(box, found, said),
        sums=tuple(
            (t(key), money(minor)) for key, minor in (("papers.tip", r.tip), ("papers.rounding", r.round)) if minor
        ),
        total=(t("papers.total"), money(total)),
        tenders=tuple(_tender(pay, said) for pay in r.pay),
        vat_head=t("papers.vat_in"),
        vat=_vat(r, cur, said),
        code=_code(box, f"/r/{r.jti}", jws.token_hash(found.token), said),
        check=t("papers.check"),
        checks=(t("drawn.check_file", command=VERIFY_COMMAND), t("drawn.check_inside")),
        signed=t("papers.signed_here"),
        signed_facts=(
            (t("papers.box"), r.iss),
            (t("papers.journal"), t("papers.entry", epoch=r.epoch, seq=r.seq)),
            (t("papers.clock"), t(f"papers.clock.{r.clk}")),
        ),
        page=t("drawn.page", page="{page}", pages="{pages}"),
        foot=t("drawn.foot"),
        no_font=t("drawn.no_font"),
    )


def _seller(box: Box) -> tuple[str, ...]:
    """Who sold, as the law wants it, and where; line by line."""
    own = box.settings
    return tuple(
        line for text in (beside(own.seller, own.name), own.place) for line in text.splitlines() if line.strip()
    )


def _notes(box: Box, found: Signed, said: _Said) -> tuple[str, ...]:
    """What became of the whole sale since."""
    if found.void:
        return (said.text("papers.void_whole"),)
    if found.kind != "receipt":
        return ()
    if found.sale.void_event is not None:
        return (said.text("papers.all_back"),)
    some = any(one.receipt_event is not None for one in returns.of_sale(box.db.read(), found.sale.no))
    return (said.text("papers.some_back"),) if some else ()


def _rows(box: Box, found: Signed, said: _Said) -> tuple[Row, ...]:
    conn, t, cur = box.db.read(), said.text, found.sale.cur
    back = {} if found.void else returns.taken_back(conn, found.sale.no)
    made = []
    for line in sales.lines(conn, found.sale.no):
        below = []
        if line.of_line is not None or found.void or (back.get(line.n) and line.qty == 1):
            below.append(t("papers.came_back"))
        elif back.get(line.n):
            below.append(t("papers.came_back_part", back=back[line.n], all=line.qty))
        if line.disc:
            below.append(t("papers.less", list=said.money(line.list_minor, cur), off=said.money(line.disc, cur)))
        many = f" ×\u00a0{line.qty}" if line.qty > 1 else ""
        number = f"{t('papers.no')} {line.ed}" if line.ed else ""
        made.append(Row(line.title + many, tuple(below), said.money(-line.minor if found.void else line.minor, cur), number))  # fmt: skip
    return tuple(made)


def _tender(pay: receipt.Pay, said: _Said) -> Fact:
    name = said.text(f"papers.tender.{pay.m}")
    if pay.st == "stored":
        name += f", {said.text('papers.sent_later')}"
    return (f"{name} {pay.ref}" if pay.ref else name, said.money(pay.minor, pay.cur))


def _vat(r: Receipt, cur: str, said: _Said) -> tuple[tuple[str, ...], ...]:
    if not r.tax:
        return ()
    money: Callable[[int], str] = partial(said.money, cur=cur)
    head = tuple(said.text(f"papers.{key}") for key in ("rate", "net", "vat", "gross"))
    rows = (
        (formats.percent(said.lang, row.rate), money(row.net), money(row.vat), money(row.net + row.vat))
        for row in r.tax
    )
    return (head, *rows)


def beside(seller: str, stall: str) -> str:
    """What the seller's words add to the stall's name, which stands above them."""
    return seller[len(stall) :].lstrip(" ,;·\n") if seller.startswith(stall) else seller


def certificates_of(box: Box, sale: int) -> list[bytes]:
    """The certificates that were signed for a sale, in the order of its lines."""
    return [one.certificate for one in claims.certified(box.db.read(), sale)]
