"""What a bookkeeper compares at the end of the day, and whether it ties. Pure arithmetic in minor units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stall.domain import money


@dataclass(frozen=True, slots=True)
class TenderSum:
    """The receipts of one tender and currency: how many, how much, and the first and last by number.

    Where they stand in more than one epoch, both numbers are of different journals and give no range.
    """

    tender: str
    cur: str
    count: int
    minor: int
    first_seq: int
    last_seq: int
    epochs: int = 1


@dataclass(frozen=True, slots=True)
class DayEnd:
    """One end of day: the terminal's total beside the card payments we know of since the one before.

    `ours_count` is of what stands, as terminals count: a payment that was taken back is gone, a refund is one more.
    `taken_back`: how many were; some terminals count them and their taking back, too.
    """

    at_ms: int
    tid: str | None
    cur: str
    theirs_minor: int
    theirs_count: int | None
    ours_minor: int
    ours_count: int
    taken_back: int = 0
    no: int = 0
    seen_by: str | None = None
    """Who looked at it where both differ, and said why."""


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment whose outcome is not final."""

    attempt: int
    sale: int
    state: str
    minor: int
    cur: str


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Something a person must look at, or be told; `at_ms` in UTC."""

    at_ms: int
    attempt: int | None
    sentence: str
    no: int = 0


@dataclass(frozen=True, slots=True)
class SeenNote:
    """Something a person looked at, and what they said of it; `reason` is None once it was erased."""

    at_ms: int
    sentence: str
    seen_by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class CutDayEnd:
    """An end of day nobody heard the end of, by the number of its job; `proven` once the terminal's next total left out what came before."""

    job: int
    at_ms: int
    proven: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """How far the journal has reached the cloud: events sent, events cosigned, the last trouble, doubted events."""

    sent: int
    cosigned: int
    trouble: str | None
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """Everything the report rests on. Money in minor units; `epoch` runs, `size` counts the events of all epochs.

    `since_…` is of the card payments after the last end of day: the sum of all, how many, and how often money went back.
    `exceptions` are those nobody has seen, `seen` the last ones somebody has; `cut` ends of day nobody heard the end of.
    `begun` tells of each new epoch when and why it began; told beside the checks, as nothing of it is a gap.
    """

    cur: str
    epoch: str
    size: int
    receipts: tuple[TenderSum, ...]
    paid: tuple[tuple[str, str, int], ...]
    part_paid: int
    day_ends: tuple[DayEnd, ...]
    since_minor: int
    since_count: int
    open_payments: tuple[OpenPayment, ...]
    exceptions: tuple[Exceptional, ...]
    upload: Upload | None
    begun: tuple[Exceptional, ...] = ()
    since_back: int = 0
    seen: tuple[SeenNote, ...] = ()
    cut: tuple[CutDayEnd, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One number that must tie: `ok`, and the sentence that says so or names the gap and what to do."""

    name: str
    ok: bool
    sentence: str


def checks(books: Books) -> tuple[Check, ...]:
    """Compare everything; without a cloud (`upload` None) there is no fifth check."""
    found = (_payments(books), _terminal(books), _open(books), _exceptions(books))
    return found if books.upload is None else (*found, _cloud(books.size, books.upload))


def day_checks(books: Books) -> tuple[Check, ...]:
    """The same for a look at the day: payments are compared with the double entry, not with the signed receipts."""
    found = (_entries(books), _terminal(books), _open(books), _exceptions(books))
    return found if books.upload is None else (*found, _cloud(books.size, books.upload))


def _entries(books: Books) -> Check:
    """The payments of the day, read from their rows, against the double entry, which was posted from each event."""
    taken = {(r.tender, r.cur): r.minor for r in books.receipts if r.minor}
    posted = {(tender, cur): minor for tender, cur, minor in books.paid}
    gaps = [
        f"{tender} differs by {money.text(taken.get((tender, cur), 0) - posted.get((tender, cur), 0), cur)}"
        for tender, cur in sorted(taken.keys() | posted.keys())
        if taken.get((tender, cur), 0) != posted.get((tender, cur), 0)
    ]
    if gaps:
        return Check(
            "receipts", False, f"Payments and double entry differ: {', '.join(gaps)}. Run: stall journal verify"
        )
    if books.part_paid:
        return _without_receipt(books.part_paid)
    return Check("receipts", True, "Payments and double entry agree, to the cent.")


def _without_receipt(sales: int) -> Check:
    return Check(
        "receipts", False, f"Money was taken for {_some(sales, 'sale')} without a receipt. Finish or return it."
    )


def _payments(books: Books) -> Check:
    """Receipts, read from the journal, against the payments, read from their rows."""
    signed = {(r.tender, r.cur): r.minor for r in books.receipts}
    taken = {(tender, cur): minor for tender, cur, minor in books.paid}
    gaps = [
        f"{tender} differs by {money.text(signed.get((tender, cur), 0) - taken.get((tender, cur), 0), cur)}"
        for tender, cur in sorted(signed.keys() | taken.keys())
        if signed.get((tender, cur), 0) != taken.get((tender, cur), 0)
    ]
    if gaps:
        return Check("receipts", False, f"Receipts and payments differ: {', '.join(gaps)}. Run: stall journal verify")
    if books.part_paid:
        return _without_receipt(books.part_paid)
    return Check("receipts", True, "Every payment has its receipt, to the cent.")


def _terminal(books: Books) -> Check:
    if books.cut:
        return Check("terminal", False, _cut(books.cut))
    gaps = list(_terminal_gaps(books.day_ends))
    if gaps:
        return Check("terminal", False, " ".join(gaps))
    if books.since_count or books.since_back:
        sums = f"{_since(books)} after the last end of day"
        return Check("terminal", False, f"{sums}. Ask the terminal for its end of day.")
    if not books.day_ends:
        return Check("terminal", True, "The terminal took no payment, so there is nothing to compare with it.")
    seen = sorted({end.seen_by for end in books.day_ends if end.seen_by is not None and gap_of(end) is not None})
    if seen:
        return Check(
            "terminal", True, f"Where the terminal's totals differ from our card payments: seen by {', '.join(seen)}."
        )
    return Check("terminal", True, "The terminal's totals equal our card payments.")


def _cut(cut: tuple[CutDayEnd, ...]) -> str:
    if any(one.proven for one in cut):
        return "An end of day was cut off, and the terminal counts only what came after it. Type the total of its slip."
    return "An end of day was cut off. Look at the terminal's slip: type its total, or say that it closed no day."


def _since(books: Books) -> str:
    """What moved by card, in words up to “after”."""
    count, back, sums = books.since_count, books.since_back, money.text(books.since_minor, books.cur)
    if not back:
        return f"{_some(count, 'card payment')} ({sums}) came"
    if not count:
        return f"{_some(back, 'card payment')} ({sums}) {'was' if back == 1 else 'were'} given back"
    return (
        f"{_some(count, 'card payment')} came and {back} {'was' if back == 1 else 'were'} given back (together {sums})"
    )


def gap_of(end: DayEnd) -> str | None:
    """How a terminal's totals differ from our card payments and what to do, or None where they tie."""
    theirs, ours = money.text(end.theirs_minor, end.cur), money.text(end.ours_minor, end.cur)
    if end.theirs_minor != end.ours_minor:
        return f"The terminal took {theirs}, our card payments are {ours}. Compare its slips with the sales."
    if end.theirs_count not in {None, end.ours_count, end.ours_count + 2 * end.taken_back}:
        counted = _some(end.theirs_count or 0, "payment")
        return f"The terminal counts {counted}, we count {end.ours_count}. Compare its slips."
    return None


def _terminal_gaps(ends: tuple[DayEnd, ...]) -> Iterator[str]:
    return (gap for end in ends if end.seen_by is None and (gap := gap_of(end)) is not None)


def _open(books: Books) -> Check:
    if not books.open_payments:
        return Check("open", True, "No payment is unfinished or unclear.")
    numbers = ", ".join(str(p.sale) for p in books.open_payments)
    sums = money.text(sum(p.minor for p in books.open_payments), books.cur)
    return Check(
        "open", False, f"Payments of {sums} are unfinished or unclear (sale {numbers}). Look at them at the till."
    )


def _exceptions(books: Books) -> Check:
    seen = ", ".join(sorted({note.seen_by for note in books.seen}))
    if not books.exceptions and seen:
        return Check("exceptions", True, f"Nothing is left to look at: seen by {seen}.")
    if not books.exceptions:
        return Check("exceptions", True, "Nothing contradicts what was recorded.")
    return Check("exceptions", False, f"{_some(len(books.exceptions), 'note')} to look at: see the list.")


def _cloud(size: int, upload: Upload) -> Check:
    if upload.sent < size:
        why = f" {upload.trouble}" if upload.trouble else ""
        left = _some(size - upload.sent, "record")
        return Check("cloud", False, f"{left} saved on this box, not sent yet; sent when it is online.{why}")
    if upload.doubts:
        return Check("cloud", False, f"The cloud doubts {_some(len(upload.doubts), 'record')}: see the list.")
    if upload.cosigned < size:
        return Check(
            "cloud", False, "Everything is sent; the cloud has not countersigned it yet. Look again in a minute."
        )
    return Check("cloud", True, f"The cloud has all {size} records and countersigned them.")


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
