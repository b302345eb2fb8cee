"""The files of a buyer's papers: the signed ones, what is drawn of them, the page that checks them, and README.txt.

Asks no request and draws nothing; `Drawn` says what is drawn already. The command line uses it too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import NamedTuple

from stall import log
from stall.domain.papersheet import Form, Sheet
from stall.errors import StallError
from stall.flows.prove_entries import prove_entries
from stall.i18n import formats, letters, texts
from stall.store import catalogue, claims, closings, documents, journal, sales, worth
from stall.store.box import Box
from stall.store.sales import Sale
from stall.store.worth import Held
from stall.web.buyer import paper_sheets
from stall.web.buyer.paper_sheets import Signed
from stall.wire import event, fingerprint, keys, pack, receipt

README = "README.txt"
#: Certificates of one sale that are drawn for its ZIP; those behind them are drawn one by one, from their pages.
MOST_DRAWN = 20
#: What Windows' editor needs to see to read UTF-8, and every phone's leaves out.
_MARK, _LINE = "\ufeff", "\r\n"
_WIDTH = 78


class Papers(NamedTuple):
    """The papers of a paid sale: the signed ones by name, proofs included; its receipt; and its certificates by uuid."""

    signed: dict[str, str]
    receipt: Signed
    certificates: dict[bytes, Held]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to be drawn: what it is called among the papers, its sheet, and pdf or png."""

    name: str
    sheet: Sheet
    form: Form


def of_sale(box: Box, sale: Sale) -> Papers:
    """All that is signed of a paid sale, read once."""
    conn = box.db.read()
    found = find_signed(box, sale.receipt_event or 0)
    papers, events = {"receipt.jws": found.token}, {"receipt": sale.receipt_event or 0}
    certificates: dict[bytes, Held] = {}
    bought = claims.bought(conn, sale.no)
    for item in bought:
        label = item.drop_id if item.ed is None else f"{item.drop_id}-{item.ed}"
        held = None if item.certificate is None else worth.find(conn, item.certificate)
        if held is not None and item.certificate is not None:
            papers[f"certificate-{label}.json"] = held.text
            if not held.by_creator:  # else the journal has it as the box signed it, and nobody needs that any more
                events[f"certificate-{label}"] = held.event
            ended = None if held.by_creator else closings.statement(conn, item.drop_id)
            papers |= {} if ended is None else {f"close-{item.drop_id}.jws": ended}
            certificates[item.certificate] = held
        papers[f"manifest-{item.drop_id}.jws"] = catalogue.pack_manifest(conn, item.pack)
    given = delegations(box, [item.drop_id for item in bought])
    papers |= {f"delegation-{drop}.jws": token for drop, token in given.items()}
    papers |= {f"{name}.tlog-proof": text for name, text in _proofs(box, events).items()}
    return Papers(papers, found, certificates)


def find_signed(box: Box, event_key: int) -> Signed:
    """The receipt, or what takes one back, that travelled in an event. Raises LookupError where none did."""
    conn = box.db.read()
    data = journal.event_bytes(conn, event_key)
    body = {} if data is None else event.decode(data).body
    token, number = body.get("receipt"), body.get("sale")
    sale = sales.find(conn, number) if isinstance(number, int) else None
    if not isinstance(token, str) or sale is None:
        raise LookupError(event_key)
    own = box.secrets.signing
    typ, read = receipt.verify_any(token, {own.thumbprint: own.public})
    kind = receipt.WORDS[typ] if sale.ref_sale is None or typ != receipt.RECEIPT else "exchange"
    return Signed(token, read, sale, kind, typ == receipt.VOID and sale.ref_sale is None)


def wanted(box: Box, found: Signed, certificates: Mapping[bytes, Held], lang: str, most: int = MOST_DRAWN) -> list[Wanted]:  # fmt: skip
    """What is drawn of a sale, in a language: the receipt, then the first `most` certificates as PDF and picture."""
    lang = letters.settable(lang)
    made = [Wanted("receipt.pdf", paper_sheets.receipt_sheet(box, found, lang), "pdf")]
    for uuid, held in islice(certificates.items(), most):
        file, sheet = paper_sheets.certificate_sheet(box, held, uuid, lang)
        made += [Wanted(f"{file}.pdf", sheet, "pdf"), Wanted(f"{file}.png", sheet, "png")]
    return made


def whole(box: Box, papers: Papers, drawn: Mapping[str, bytes], wants: int, lang: str) -> Iterator[tuple[str, bytes]]:
    """All files in the order of the ZIP: what is to be read first comes first. `wants` is how many should be drawn."""
    page = _page()
    names = [*papers.signed, *drawn, *([pack.PAGE_NAME] if page is not None else [])]
    yield README, readme(box, papers.receipt, names, lang, late=len(drawn) < wants)
    if page is not None:
        yield pack.PAGE_NAME, page
    yield from drawn.items()
    yield from ((name, text.encode()) for name, text in papers.signed.items())


def _page() -> bytes | None:
    """The page that checks papers, where it is built."""
    from stall.store.packzip import PAGE  # noqa: PLC0415 - for a ZIP alone, not for the page of a paper

    return PAGE.read_bytes() if PAGE.is_file() else None


def readme(box: Box, found: Signed, names: Iterable[str], lang: str, *, late: bool) -> bytes:
    """What each file is, how to check it, what to keep. UTF-8 with its mark and lines as Windows has them: every editor shows it."""
    t, conn = partial(texts.text, lang), box.db.read()
    own, sale, at_ms = box.settings, found.sale, found.receipt.iat * 1000
    lines = [
        t("readme.title", stall=own.name),
        f"{formats.date_time(lang, at_ms, own.zone())} · {t('papers.sale', no=sale.no)}",
        "",
    ]
    lines += [t("readme.files"), ""]
    for name in names:
        lines += [name, *_filled(t(f"readme.{_kind(name)}"), lang), ""]
    if late:
        lines += [*_filled(t("readme.not_drawn"), lang), ""]
    lines += (
        [t("readme.check"), "", *_filled(t("readme.check_page"), lang), "", *_filled(t("readme.check_words"), lang), ""]
        if pack.PAGE_NAME in names
        else [t("readme.check"), ""]
    )
    lines += [*_filled(t("readme.check_command"), lang), "", *_filled(t("readme.check_key"), lang)]
    creators = {documents.creator_did(conn, item.drop_id) for item in claims.bought(conn, sale.no)}
    lines += [f"    {fingerprint.of(keys.public_from_did(one))}" for one in sorted(creators)]
    lines += [
        "",
        t("readme.keep"),
        "",
        *_filled(t("readme.keep_zip"), lang),
        "",
        *_filled(t("readme.keep_owner"), lang),
        "",
    ]
    return (_MARK + _LINE.join(lines)).encode()


def _kind(name: str) -> str:
    """The key of what is said of a file."""
    stem, _, ending = name.rpartition(".")
    if ending == "tlog-proof":
        return "proof"
    noun = stem.partition("-")[0]
    return f"{noun}_{ending}" if ending in {"pdf", "png"} else noun


def _filled(text: str, lang: str) -> list[str]:
    """A text in lines that an editor shows without scrolling; Japanese has no spaces to break at, and is half as long."""
    wide = _WIDTH // 2 if lang == "ja" else _WIDTH
    return [
        f"    {line}" for line in textwrap.wrap(text, wide - 4, break_long_words=lang == "ja", break_on_hyphens=False)
    ]


def delegations(box: Box, drops: Iterable[str]) -> dict[str, str]:
    """By which the box signs for the creators of some drops, by drop."""
    conn, found = box.db.read(), {}
    for drop in drops:
        given = documents.delegation_of(conn, documents.creator_of(conn, drop), box.secrets.signing.thumbprint)
        if given is not None:
            found[drop] = given[0]
    return found


def _proofs(box: Box, events: Mapping[str, int]) -> dict[str, str]:
    """That receipt and certificates stand in the journal. Where that cannot be shown now, the papers go out without."""
    try:
        found = prove_entries(box, events.values())
    except StallError as trouble:
        log.get("web").warning("proofs.missing", reason=trouble.code)
        return {}
    return {name: found[key] for name, key in events.items()}
