"""What stands on a certificate and on a receipt that is drawn: every word ready, in one language. Nothing is worked out after this.

A sheet says all that its PDF or picture shows and holds, so equal sheets are drawn as equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: A name and what stands behind it.
Fact = tuple[str, str]
#: What a sheet is drawn as.
Form = Literal["pdf", "png"]
#: Rises whenever equal sheets would be drawn differently: what was drawn before is then drawn anew.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Inside:
    """The signed paper that travels in the file: what it is called there, its type, and its bytes as text."""

    name: str
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code, and what is said beside it."""

    holds: str
    says: str


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """A certificate. `tone` is good, warn or bad, `mark` the glyph before the grade; `number` and `of` are empty for a copy without one."""

    lang: str
    at_s: int
    inside: Inside
    digest: str
    called: str
    kind: str
    title: str
    no: str
    number: str
    of: str
    mark: str
    tone: str
    head: str
    why: tuple[str, ...]
    proves: str
    facts: tuple[Fact, ...]
    key: Fact
    check: str
    checks: tuple[str, ...]
    code: Code
    signed: str
    signed_facts: tuple[Fact, ...]
    foot: str
    no_font: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a receipt: what it was, small lines below, and the amount."""

    text: str
    below: tuple[str, ...]
    amount: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptSheet:
    """A receipt, or what takes one back. `vat` has its columns' names in the first row, and no row where there is no tax."""

    lang: str
    at_s: int
    inside: Inside
    kind: str
    stall: str
    seller: tuple[str, ...]
    when: str
    notes: tuple[str, ...]
    columns: Fact
    rows: tuple[Row, ...]
    sums: tuple[Fact, ...]
    total: Fact
    tenders: tuple[Fact, ...]
    vat_head: str
    vat: tuple[tuple[str, ...], ...]
    code: Code
    check: str
    checks: tuple[str, ...]
    signed: str
    signed_facts: tuple[Fact, ...]
    page: str
    foot: str
    no_font: str


Sheet = CertificateSheet | ReceiptSheet
