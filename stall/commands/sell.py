"""`stall sell`: one sale through the till's own flows, from a process of its own."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import DATA_VARIABLE, say

if TYPE_CHECKING:
    from stall.flows.fill_basket import Wish
    from stall.store.attempts import Attempt
    from stall.store.box import Box

#: The reader a card sale asks; a box has one for now.
READER = 1
#: The worker sends a request within 30 s or never (flows.card_attempt.FRESH_MS); a little more and nobody is there.
PATIENCE_S = 35.0


@click.command("sell")
@click.argument("name", metavar="DROP")
@click.option("--card", is_flag=True, help="Take the amount with the card reader.")
@click.option("--cash", is_flag=True, help="Take the exact amount in cash.")
@click.option("--comp", is_flag=True, help="Give it away; the receipt says so.")
@click.option("--confirmed", is_flag=True, help="It was paid on the separate reader ([standalone] in settings.toml).")
@click.option(
    "--reference", default="", metavar="TEXT", help="What that reader calls the payment; goes on the receipt."
)
@click.option("--qty", type=click.IntRange(1, 200), default=1, show_default=True, help="How many.")
@click.option("--number", type=click.IntRange(min=1), help="This edition number (limited drops only).")
@click.option("--owner", metavar="DID", help="Make its certificate out to this owner (from: stall owner did).")
@click.option(
    "--wait", "wait_s", type=click.IntRange(min=1), default=180, show_default=True, help="Seconds for a card."
)
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    default=Path(),
    help="The box's data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sell(
    *,
    name: str,
    card: bool,
    cash: bool,
    comp: bool,
    confirmed: bool,
    reference: str,
    qty: int,
    number: int | None,
    owner: str | None,
    wait_s: int,
    data: Path,
    as_json: bool,
) -> None:
    """Sell DROP once and print the address its buyer opens."""
    ways = (("card", card), ("cash", cash), ("comp", comp), ("confirmed", confirmed))
    chosen = [tender for tender, wanted in ways if wanted]
    if len(chosen) != 1:
        raise click.UsageError("Say how it is paid, by one of these: --card, --cash, --comp or --confirmed.")
    if reference and not confirmed:
        raise click.UsageError("A --reference belongs to --confirmed: the box asks its own reader for one.")
    from stall import app
    from stall.flows.fill_basket import Wish
    from stall.flows.sign_certificates import check_owner, sign_certificates

    [tender] = chosen
    box = app.open_box(data)
    try:
        if owner is not None:  # before money is taken
            check_owner(box.db.read(), box.secrets.signing.did, owner)
        _check_for_sale(box, name)
        wish = Wish(name, qty, number)
        sale = _by_card(box, wish, wait_s) if tender == "card" else _at_once(box, wish, tender, reference)
        if owner is not None:
            box.write("claim", lambda tx: sign_certificates(tx, sale, owner))
        _say(box, sale, as_json=as_json)
    finally:
        box.close()


def _check_for_sale(box: Box, name: str) -> None:
    """Say to the maker what buyers are told in other words: here nobody else can be asked.

    Raises Refused `drop-unknown`, `drop-not-open`, `drop-waits`, `drop-sold-out`.
    """
    from stall.commands.waiting import waiting, what_to_do
    from stall.domain.drop import Offer
    from stall.errors import Refused
    from stall.store import catalogue

    folder = shlex.quote(str(box.folder))
    card = catalogue.card(box.db.read(), name, box.now_ms())
    if card is None:
        raise Refused(
            "drop-unknown", f"This box has no drop “{name}”. See what it has: stall drop status --data {folder}"
        )
    if card.ended is not None:
        raise Refused("drop-closed", f"The creator closed “{name}” for good. It is sold no more.")
    if card.offer is Offer.PAUSED:
        raise Refused("drop-not-open", f"“{name}” is closed. Open it with: stall drop open --data {folder} {name}")
    if card.offer is Offer.SOLD_OUT and (waits := waiting(box).get(name)):
        raise Refused("drop-waits", what_to_do(box, waits))
    if card.offer is Offer.SOLD_OUT:
        raise Refused(
            "drop-sold-out",
            f"This box has no number of “{name}” left to sell. Accept a lease of more, if the creator has some left.",
        )


def _at_once(box: Box, wish: Wish, tender: str, reference: str) -> int:
    """Cash, gifts and what another reader took: basket, payment and receipt in one transaction, so that a refusal leaves nothing."""
    from stall.flows.fill_basket import fill_basket
    from stall.flows.take_cash import take_cash, take_comp
    from stall.flows.take_confirmed import take_confirmed
    from stall.store import sales
    from stall.store.db import Tx

    if tender == "confirmed":
        box.settings.separate_reader()

    def work(tx: Tx) -> int:
        sale = fill_basket(tx, [wish], origin="cli", vat_bp=box.settings.vat_bp)
        if tender == "comp":
            take_comp(tx, sale, 1, "command line")
        elif tender == "confirmed":
            take_confirmed(tx, sale, 1, reference, "command line")
        else:
            take_cash(tx, sale, 1, sales.get(tx.conn, sale).total_minor)
        return sale

    return box.begin("payment", work)


def _by_card(box: Box, wish: Wish, wait_s: int) -> int:
    """Ask the reader and wait for the end. Ctrl-C asks the terminal to stop and waits on: money may be moving."""
    from stall.domain.payment import State
    from stall.flows.fill_basket import fill_basket
    from stall.flows.take_card import ask_card, drop_sale
    from stall.store.db import Tx
    from stall.web.till.program import check_answers, runs

    running = runs(box)

    def work(tx: Tx) -> tuple[int, int]:
        check_answers(tx, running=running)  # refused at once, and no basket left
        sale = fill_basket(tx, [wish], origin="cli", vat_bp=box.settings.vat_bp)
        return sale, ask_card(tx, sale, 1, READER, box.settings.offline.caps)

    sale, attempt = box.begin("payment", work)
    ended = _wait(box, attempt, wait_s)
    if ended.state is State.PAID:
        return sale
    box.write("payment", lambda tx: drop_sale(tx, sale))
    raise _not_paid(ended)


def _wait(box: Box, attempt_no: int, wait_s: int) -> Attempt:
    """Follow an attempt until it is final.

    Raises Retry `card-not-finished` when it is not within `wait_s` seconds; it then goes on at the till.
    """
    from stall.errors import Retry
    from stall.flows.take_card import cancel_card
    from stall.store import attempts
    from stall.store.watch import Watcher

    watcher = Watcher(box.db.path)
    started, shown, seen, cancelled = time.monotonic(), "", 0, False
    try:
        while (left := started + wait_s - time.monotonic()) > 0:
            try:
                now = attempts.get(box.db.read(), attempt_no)
                if not now.open:
                    return now
                if now.display != shown:
                    shown = now.display
                    say.line(shown, err=True)
                if now.state == "requested" and time.monotonic() - started > PATIENCE_S and not cancelled:
                    raise KeyboardInterrupt  # nobody serves the reader: take the request back
                seen = watcher.wait(seen, min(left, 1.0))
            except KeyboardInterrupt:
                cancelled = True
                say.line("Cancelling", err=True)
                box.write("payment", lambda tx: cancel_card(tx, attempt_no))
    finally:
        watcher.stop()
    raise Retry(
        "card-not-finished",
        f"The card payment is not finished after {wait_s} seconds. Do not charge again; look at the sale at the till.",
        5.0,
    )


def _not_paid(ended: Attempt) -> Exception:
    from stall.errors import Refused
    from stall.web.till.words import ended_words

    words = ended_words(ended.state, ended.reason)
    return Refused("card-not-paid", f"{words.title}. {words.sentence}")


def _typed(url: str, code: str | None) -> str:
    """The address as people write one; in capitals only a QR code wants it."""
    return url.lower() if code is None else url.removesuffix(code).lower() + code


def _say(box: Box, sale_no: int, *, as_json: bool) -> None:
    from stall.domain import money
    from stall.store import attempts, claim_codes, sales
    from stall.store.schema import event_seq

    conn = box.db.read()
    sale = sales.get(conn, sale_no)
    code = claim_codes.code_of(conn, box.secrets.claim_key, sale)
    url = None if code is None else claim_codes.link(box.settings.web.address, code)
    if not as_json:
        say.line(f"Sold, {money.text(sale.total_minor, sale.cur)}. The buyer opens:", err=True)
        say.line("(nothing to download)" if url is None else _typed(url, code))
        return
    facts = {
        "sale": sale.no,
        "numbers": [line.ed for line in sales.lines(conn, sale_no) if line.ed is not None],
        "minor": sale.total_minor,
        "cur": sale.cur,
        "attempts": [{"tender": a.tender, "state": a.state.value} for a in attempts.of_sale(conn, sale_no)],
        "receipt_seq": None if sale.receipt_event is None else event_seq(sale.receipt_event),
        "code": code,
        "url": None if url is None else _typed(url, code),
        "qr": url,
    }
    say.facts(facts)
