"""`stall report`: what a bookkeeper asks at the end of the day."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from pathlib import Path

import click

from stall.commands import DATA_VARIABLE, say
from stall.domain.books import Books, Check

#: Where the code of a tender is no word of a bookkeeper's.
_TENDERS = {"comp": "given free", "operator": "separate reader"}


@click.group("report")
def report() -> None:
    """Reports on a stall's data folder."""


@report.command("reconcile")
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reconcile(data: Path, as_json: bool) -> int:
    """Compare receipts, payments, terminal and cloud. Exit code 1 while something does not tie."""
    from stall import app
    from stall.domain import books as comparing
    from stall.domain import money
    from stall.store import decisions, epochs, reconciliation

    box = app.open_box(data, looking=True)
    try:
        keys = {box.secrets.signing.thumbprint: box.secrets.signing.public}
        cloud = box.settings.cloud is not None
        books = reconciliation.read_books(
            box.db.read(), keys, box.settings.cur, cloud=cloud, claim_key=box.secrets.claim_key
        )
        decided = decisions.read(box.db.read(), box.secrets.claim_key)
        frozen = epochs.frozen(box.db.read())
    finally:
        box.close()
    checks = comparing.checks(books)
    ties = all(check.ok for check in checks)
    if as_json:
        told = {
            "ok": ties,
            "checks": [asdict(c) for c in checks],
            **asdict(books),
            "decided": [asdict(d) for d in decided],
            "frozen": {drop.drop_id: drop.text for drop in frozen},
        }
        say.facts(told)
    else:
        _print(books, checks)
        for each in decided:
            amount, why = money.text(each.minor, each.cur), each.words or "the words were erased"
            say.line(f"    Sale {each.sale}, {amount}: {each.outcome}, decided by {each.decided_by}: {why}")
        for entry in books.begun:
            say.line(f"New epoch, {_time(entry.at_ms)}: {entry.sentence}")
        for drop in frozen:
            say.line(f"Waiting for a new lease: {drop.drop_id}, numbers {drop.text}")
    return 0 if ties else 1


@report.command("z")
@click.argument("no", type=click.IntRange(1, 1 << 40), required=False)
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the report as CSV.")
@click.option("--receipts", is_flag=True, help="Print the receipts of the shift as CSV, one row a line.")
@click.option("--office", is_flag=True, help="Write CSV with semicolons, decimal commas and a byte order mark.")
@click.option(
    "--pdf", type=click.Path(dir_okay=False), help="Write the report as PDF to this file; - is standard output."
)
def z(no: int | None, data: Path, as_json: bool, as_csv: bool, receipts: bool, office: bool, pdf: str | None) -> int:
    """Show the Z-report NO of a closed shift, the newest unless another is named."""
    from stall import app
    from stall.commands import z_output
    from stall.errors import Refused

    asked = [
        name for name, wanted in (("json", as_json), ("csv", as_csv), ("receipts", receipts), ("pdf", pdf)) if wanted
    ]
    if len(asked) > 1:
        raise Refused(
            "z-forms", "A report is written in one form at a time. Choose --json, --csv, --receipts or --pdf."
        )
    box = app.open_box(data, looking=True)
    try:
        shown = z_output.read(box, no)
        if as_json:
            say.facts(z_output.facts(shown))
        elif pdf is not None:
            z_output.write_pdf(shown, pdf)
        elif as_csv or receipts:
            z_output.write_table(box, shown, receipts=receipts, office=office)
        else:
            z_output.show(shown)
    finally:
        box.close()
    return 0


def _time(at_ms: int) -> str:
    return f"{datetime.datetime.fromtimestamp(at_ms // 1000, datetime.UTC):%Y-%m-%d %H:%M} UTC"


def _print(books: Books, checks: tuple[Check, ...]) -> None:
    from stall.domain import money

    say.line(f"Journal {books.epoch}: {books.size} records")
    for row in books.receipts:
        amount = money.text(row.minor, row.cur)
        where = f"record {row.first_seq} to {row.last_seq}" if row.epochs == 1 else f"in {row.epochs} epochs"
        receipts = "receipt " if row.count == 1 else "receipts"
        say.line(f"  {_TENDERS.get(row.tender, row.tender):<15}{row.count:>6} {receipts} {amount:>14}   {where}")
    for end in books.day_ends:
        theirs, ours = money.text(end.theirs_minor, end.cur), money.text(end.ours_minor, end.cur)
        say.line(f"  terminal {end.tid or '?'}: {theirs}, our card payments {ours}")
    for check in checks:
        say.line(f"{'ok ' if check.ok else 'GAP'} {check.name}: {check.sentence}")
    for entry in books.exceptions:
        say.line(f"    {entry.sentence}")
    for note in books.seen:
        say.line(f"    seen by {note.seen_by}: {note.sentence} ({note.reason or 'the reason was erased'})")
    for doubt in books.upload.doubts if books.upload else ():
        say.line(f"    {doubt}")
