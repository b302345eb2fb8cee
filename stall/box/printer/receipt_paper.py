"""A receipt on paper, or the refund or void of one: what the signed document says, in words, with the code that opens the download.

Everything with money in it is read from the document out of the journal. Rows only add what it has no words for: the titles, and the
cash handed over. Of a card nothing is printed but the terminal's reference of the payment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stall.box.printer import words
from stall.box.printer.paper import Block, Cut, Document, Gap, Heading, Mark, Qr, Row, Rule, Table, Text
from stall.domain import money
from stall.domain.sale import Line
from stall.errors import Broken
from stall.settings import Settings
from stall.store import attempts, claim_codes, claims, journal, sales, vouchers
from stall.store.sales import Sale
from stall.store.secrets import BoxSecrets
from stall.wire import b64, crockford, event, receipt, vouchercode
from stall.wire.receipt import Item, Receipt


@dataclass(frozen=True, slots=True)
class Found:
    """A document of the journal, its type, and the sale it is of."""

    key: int
    typ: str
    paper: Receipt
    sale: Sale


def find(conn: sqlite3.Connection, own: BoxSecrets, key: int) -> Found:
    """The document that travels in an event. Raises Broken `receipt-missing`; WireError when it does not hold."""
    data = journal.event_bytes(conn, key)
    body = {} if data is None else event.decode(data).body
    token, number = body.get("receipt"), body.get("sale")
    sale = sales.find(conn, number) if isinstance(number, int) else None
    if not isinstance(token, str) or sale is None:
        raise Broken(
            "receipt-missing",
            "This receipt is not in the journal. Ask at the stall; there, run: stall journal verify",
        )
    typ, paper = receipt.verify_any(token, {own.signing.thumbprint: own.signing.public})
    return Found(key, typ, paper, sale)


def document(
    conn: sqlite3.Connection, own: BoxSecrets, settings: Settings, found: Found, *, copy: int, now_ms: int
) -> Document:
    """The paper of a document; `copy` counts the reprints, 0 is the first print."""
    return (
        *_head(settings, found, copy),
        *_lines(conn, found),
        Rule(),
        *_sums(found.paper),
        *_tenders(conn, found),
        *_code(conn, own, settings, found, now_ms),
        *_vouchers(conn, own, found),
        Rule(),
        Row("Box", found.paper.iss[:12]),
        Text(f"Document {found.paper.jti}"),
        *([Text(f"Copy {copy} of a paper printed before.")] if copy else []),
        Cut(),
    )


def _head(settings: Settings, found: Found, copy: int) -> Iterator[Block]:
    paper = found.paper
    if paper.test:
        yield Mark(words.TEST)
    if copy:
        yield Mark(words.COPY)
    yield Heading(settings.name)
    for line in [settings.place, *settings.seller.splitlines()]:
        if line.strip():
            yield Text(line.strip(), centred=True)
    yield Rule()
    if paper.ref is not None:
        yield Text(words.MARKS.get(found.typ, words.EXCHANGE), bold=True)
        yield Text(f"of document {paper.ref}")
    yield Row("Receipt" if found.typ == receipt.RECEIPT else "Number", words.number(paper.epoch, paper.seq))
    yield Text(words.date_time(paper.iat))
    yield Text(f"Clock: {words.CLOCKS[paper.clk]}")
    yield Rule()


def _lines(conn: sqlite3.Connection, found: Found) -> Iterator[Block]:
    paper = found.paper
    bought = sales.lines(conn, found.sale.no)
    editions = {one.line: one.edition for one in claims.bought(conn, found.sale.no)}
    many_rates = len(paper.tax) > 1
    for n, item in enumerate(paper.items):
        line = _line_of(n, item, paper.items, bought)
        title = (item.sku or item.drop or "") if line is None else line.title
        yield Row(f"{item.qty} x {title}" if item.qty > 1 else title, money.text(item.minor, item.cur))
        if item.ed is not None:
            of = None if line is None else editions.get(line.n)
            yield Text(f"  No. {item.ed}{f' of {of}' if of else ''}")
        if item.disc:
            yield Text(f"  Discount taken off: {money.text(abs(item.disc), item.cur)}")
        if many_rates:
            yield Text(f"  VAT {words.percent(item.vat)}")


def _line_of(n: int, item: Item, items: Sequence[Item], bought: Sequence[Line]) -> Line | None:
    """The row of an item: the one in its place, or where the document names only some, the one with its number or article."""
    if len(items) == len(bought):
        return bought[n]
    alike = [line for line in bought if (line.ed, line.sku) == (item.ed, item.sku)]
    return alike[0] if len(alike) == 1 else None


def _sums(paper: Receipt) -> Iterator[Block]:
    cur = paper.pay[0].cur
    rows = tuple(
        (words.percent(each.rate), *(money.decimal(sum_, cur) for sum_ in (each.net, each.vat, each.net + each.vat)))
        for each in paper.tax
    )
    if rows:
        yield Table(("Rate", "net", "VAT", "gross"), rows)
        yield Rule()
    if paper.tip:
        yield Row("Tip", money.text(paper.tip, cur))
    if paper.round:
        yield Row("Rounding", money.text(paper.round, cur))
    yield Row("Total", money.text(sum(each.minor for each in paper.pay), cur), bold=True, large=True)


def _tenders(conn: sqlite3.Connection, found: Found) -> Iterator[Block]:
    given = _given(conn, found)
    for pay in found.paper.pay:
        yield Row(words.TENDERS[pay.m], money.text(pay.minor, pay.cur))
        if pay.ref is not None:
            yield Text(f"  Reference {pay.ref}")
        if pay.m == "cash" and given is not None and given > pay.minor > 0:
            yield Row("  Handed over", money.text(given, pay.cur))
            yield Row("  Change", money.text(given - pay.minor, pay.cur))
            given = None


def _given(conn: sqlite3.Connection, found: Found) -> int | None:
    """The cash handed over for a sale, where one payment in cash says so."""
    if found.key != found.sale.receipt_event:
        return None
    told = [one.given_minor for one in attempts.kept(attempts.of_sale(conn, found.sale.no)) if one.given_minor]
    return told[0] if len(told) == 1 else None


def _vouchers(conn: sqlite3.Connection, own: BoxSecrets, found: Found) -> Iterator[Block]:
    """The codes of the vouchers that were bought: who has one can spend it, so they stand on no paper that takes back."""
    if found.key != found.sale.receipt_event or found.sale.void_event is not None:
        return
    for voucher in vouchers.of_sale(conn, found.sale.no):
        if voucher.state == "active":
            code = vouchercode.encode(vouchercode.derive(own.claim_key, b64.decode(found.paper.epoch), voucher.line))
            yield Rule()
            yield Text(f"Voucher worth {money.text(voucher.minor, voucher.cur)}", bold=True, centred=True)
            yield Qr(code)
            yield Text(crockford.grouped(code), bold=True, centred=True)
            yield Text("Whoever has this code can spend it. Keep it like cash.", centred=True)


def _code(conn: sqlite3.Connection, own: BoxSecrets, settings: Settings, found: Found, now_ms: int) -> Iterator[Block]:
    """The code of what was bought, as long as it opens something; what was taken back opens nothing."""
    sale = found.sale
    if found.key != sale.receipt_event:
        return
    if sale.void_event is not None:
        yield Rule()
        yield Text("This sale was taken back. Its code opens nothing any more.")
        return
    code = claim_codes.code_of(conn, own.claim_key, sale)
    claim = claims.of_sale(conn, sale.no, sale.issue)
    if code is None or claim is None:
        return
    yield Rule()
    if claim.state != "active" or claim.expires_ms <= now_ms:
        yield Text("The time to download with the code of this sale is over. Ask at the stall for a new one.")
        return
    address = settings.web.address
    yield Text("Your download", bold=True, centred=True)
    yield Text("On the stall's Wi-Fi, scan this:", centred=True)
    yield Qr(claim_codes.link(address, code))
    yield Text(crockford.grouped(code), bold=True, centred=True)
    yield Text("or type it at", centred=True)
    yield Text(f"{address.rstrip('/').lower()}/t", centred=True)
    yield Gap()
