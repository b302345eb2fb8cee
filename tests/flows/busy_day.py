"""A stall's day with an event of every kind and a payment of every outcome; for whoever checks journals."""

from __future__ import annotations

import json
from secrets import token_bytes

from stall.domain.drawer import Way
from stall.domain.epoch import Cause
from stall.domain.payment import Reason
from stall.domain.rights import Role
from stall.flows import card_attempt, print_paper
from stall.flows.accept_closing import accept_certificate, accept_close, check_certificate
from stall.flows.accept_document import accept_delegation
from stall.flows.begin_return import begin_return
from stall.flows.checkpoint import SPACING_MS, sign_checkpoint
from stall.flows.claim import redeem_order
from stall.flows.confirm_clock import confirm_clock
from stall.flows.day_end import ask_day_end, record_day_end, record_no_day_end
from stall.flows.keep_people import add_person, change_person
from stall.flows.keep_products import move_product
from stall.flows.mark_seen import mark_seen
from stall.flows.new_epoch import new_epoch
from stall.flows.owe_money import forget_owed, queue_return
from stall.flows.pay_back import pay_back_cash
from stall.flows.record_transfer import Transfer, record_transfer
from stall.flows.settle_offline import decline_late
from stall.flows.switch_drop import close_drop, open_drop
from stall.flows.take_card import cancel_card
from stall.flows.take_cash import take_cash, take_comp
from stall.flows.take_free import take_free
from stall.store import attempts, catalogue, certificates, claims, print_jobs, readers, sales
from stall.store.acting import Actor, acting
from stall.store.db import Tx
from stall.wire import certificate, jws, keys, proof
from stall.wire.closing import Close, Entry
from stall.wire.closing import sign as sign_close
from tests.cloud.boxes import delegate
from tests.fakes import leasing
from tests.fakes.stock import CREATOR, PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import closing, selling

#: What the day takes, in minor units by tender.
TAKEN = {"cash": 450 + 300, "card": 450 + 450 + 3 * 300, "comp": 0}
#: Numbers of the limited drop that are sold; number 4 is held by a payment that is still running.
SOLD = {1, 2, 3}
#: The same after the second life.
TAKEN_IN_BOTH = TAKEN | {"cash": TAKEN["cash"] + 300, "card": TAKEN["card"] + 450}
SOLD_IN_BOTH = {*SOLD, 4}
WORDS = "slip 0042 at the terminal"


def live_through(stall: Stocked) -> None:
    """Sell by every tender, with every end a card payment can come to; claim, download, decide, close the day."""
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        move_product(tx, "cup", 1)
    _people(stall)
    claim_and_download(stall, _cash(stall, PRINTS))
    paid = selling.basket(stall, PRINTS)
    selling.card(stall, paid)
    claim_and_download(stall, paid)
    _offline(stall)
    _declined_then_cash(stall)
    _given_back(stall)
    _doubted(stall)
    _taken_back(stall)
    _given_away(stall)
    _came_back(stall)
    _around_the_sales(stall)
    selling.send(stall, selling.ask(stall, selling.basket(stall, PRINTS)))  # still at the terminal
    selling.basket(stall, PRINTS, origin="buyer")


def _people(stall: Stocked) -> None:
    """Somebody is added, becomes a bookkeeper, and leaves; somebody else stays."""
    with stall.box.db.transaction() as tx, acting(tx, Actor(1)):
        gone = add_person(tx, "Ada", Role.STAFF, "no hash")
        add_person(tx, "Bo", Role.STAFF, "no hash")
        change_person(tx, gone, role=Role.BOOKKEEPER)
        change_person(tx, gone, active=False)


def two_lives(stall: Stocked) -> None:
    """A busy day, an old copy put back, a new lease, and sales after it; both epochs have a checkpoint.

    The payment that was at the terminal is approved when its number is frozen; the sale is finished once it is leased again.
    """
    _sign(stall)
    live_through(stall)
    (waiting,) = attempts.open_on_reader(stall.box.db.read(), 1)
    with stall.box.db.transaction() as tx:
        new_epoch(tx, Cause.PUT_BACK)
    selling.approve(stall, waiting.no, selling.facts(receipt_no=48))
    selling.pay(stall, waiting.no)
    leasing.lease_anew(stall, (4, 5))
    selling.cash(stall, waiting.sale, ordinal=2)
    claim_and_download(stall, waiting.sale)
    claim_and_download(stall, _cash(stall, ZINE))
    selling.send(stall, selling.ask(stall, selling.basket(stall, ZINE)))
    closing.close(stall.box, despite_open=True)
    closing.move(stall.box, Way.IN, 1000, "change")
    _sign(stall)


def _sign(stall: Stocked) -> None:
    stall.clock.advance(2 * SPACING_MS)
    with stall.box.db.transaction() as tx:
        sign_checkpoint(tx)
    stall.clock.advance(2 * SPACING_MS)


def claim_and_download(stall: Stocked, sale: int) -> int:
    """Redeem a sale's claim on one phone and take one file whole; return the grant."""
    with stall.box.db.transaction() as tx:
        grant = redeem_order(tx, sale, token_bytes(16))
    pack = claims.bought(stall.box.db.read(), sale)[0].pack
    file = catalogue.files(stall.box.db.read(), pack)[0]
    with stall.box.db.transaction() as tx:
        record_transfer(tx, Transfer(grant, file.id, file.size, 0, file.size))
    return grant


def _cash(stall: Stocked, *drops: str) -> int:
    sale = selling.basket(stall, *drops)
    selling.cash(stall, sale)
    return sale


def _offline(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall, PRINTS))
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(receipt_no=43, offline=True))
    selling.pay(stall, attempt)


def _declined_then_cash(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    with stall.box.db.transaction() as tx:
        card_attempt.decline(tx, attempt, Reason.DECLINED)
    cancelled = selling.ask(stall, sale, ordinal=2)
    with stall.box.db.transaction() as tx:
        cancel_card(tx, cancelled)
    selling.cash(stall, sale, ordinal=3)


def _given_back(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall, ZINE))
    selling.send(stall, attempt)
    with stall.box.db.transaction() as tx:
        card_attempt.begin_reversal(tx, attempt, Reason.COMMIT_LATE)
        card_attempt.reversed_(tx, attempt)


def _doubted(stall: Stocked) -> None:
    """Payments nobody heard the end of: the terminal vouches for one, a person for one, another never was."""
    for receipt_no, end in enumerate(("asked", "paid", "declined"), 44):
        attempt = selling.ask(stall, selling.basket(stall, ZINE))
        selling.send(stall, attempt)
        with stall.box.db.transaction() as tx:
            card_attempt.doubt(tx, attempt, Reason.READER_LOST)
            if end == "asked":
                card_attempt.pay_after_query(tx, attempt, selling.facts(300, receipt_no))
            else:
                card_attempt.decide(tx, attempt, "paid" if end == "paid" else "declined", "maker", WORDS)
    attempt = selling.ask(stall, selling.basket(stall, ZINE))
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(300, 47))
    selling.pay(stall, attempt)
    with stall.box.db.transaction() as tx:
        card_attempt.note_contradiction(tx, attempt, "The terminal says receipt 0047 is not among its payments.")


def _taken_back(stall: Stocked) -> None:
    """Card payments given back: a zine that was downloaded, and a print that was not, whose number is free again."""
    for receipt_no, (drop, claimed) in enumerate(((ZINE, True), (PRINTS, False)), 50):
        sale = selling.basket(stall, drop)
        total = sales.get(stall.box.db.read(), sale).total_minor
        paid = selling.ask(stall, sale)
        selling.send(stall, paid)
        selling.approve(stall, paid, selling.facts(total, receipt_no))
        selling.pay(stall, paid)
        if claimed:
            claim_and_download(stall, sale)
        back = selling.ask_back(stall, paid)
        selling.send(stall, back)
        selling.approve(stall, back, selling.facts(total, receipt_no + 10))
        selling.pay(stall, back)


def _came_back(stall: Stocked) -> None:
    """Cash for a zine that was downloaded, and for one of two that nobody opened."""
    opened, closed = _cash(stall, ZINE), selling.basket(stall, ZINE, qty=2)
    claim_and_download(stall, opened)
    with stall.box.db.transaction() as tx:
        take_cash(tx, closed, 1, 600)
        pay_back_cash(tx, begin_return(tx, opened, {0: 1}, reason="faulty"), 1, "maker")
        owed = begin_return(tx, closed, {0: 1})
        queue_return(tx, owed)
        forget_owed(tx, owed)
        for _ in range(2):
            pay_back_cash(tx, begin_return(tx, closed, {0: 1}), 1, "maker")


def _given_away(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE)
    with stall.box.db.transaction() as tx:
        take_comp(tx, sale, 1, "maker")
    for _ in range(3):
        with stall.box.db.transaction() as tx:
            taken = take_free(tx, SAMPLER, token_bytes(16), selling.VAT)
    claim_and_download(stall, taken)


def _around_the_sales(stall: Stocked) -> None:
    cloud = keys.SigningKey.from_seed(bytes([5]) * 32)
    with stall.box.db.transaction() as tx:
        accept_delegation(tx, delegate(cloud, CREATOR, role="cloud", cap=("cosign",), max=None))
        close_drop(tx, ZINE)
        open_drop(tx, ZINE)
        record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=1800, count=5, cur="EUR", tid="29001006")
        _print_again(tx)
    _ended(stall)
    _looked_at(stall)
    _closed(stall)
    with stall.box.db.transaction() as tx:
        confirm_clock(tx, stall.clock.wall - 3_600_000)


def _ended(stall: Stocked) -> None:
    """The free drop is closed for good by its creator, who signs its one certificate."""
    conn = stall.box.db.read()
    token, now_s = catalogue.manifest_token(conn, SAMPLER) or "", stall.clock.wall // 1000
    ((_, text),) = certificates.of_drop(conn, SAMPLER)
    document = json.loads(text)
    entries = (Entry(st="sold", cert=certificate.digest(document)),)
    said = Close(iss=CREATOR.did, jti="A" * 22, iat=now_s, drop=SAMPLER, man=jws.token_hash(token), editions=entries)
    plain = {name: value for name, value in document.items() if name != "proof"}
    plain["issuer"] = {"id": CREATOR.did, "name": "Ada Prints"}
    with stall.box.db.transaction() as tx:
        accept_close(tx, sign_close(CREATOR, said))
        accept_certificate(tx, check_certificate(tx.conn, proof.add(CREATOR, plain, now_s)))


def _closed(stall: Stocked) -> None:
    """A shift with a float, cash in and out, a count, and its Z-report; then cash of the next one."""
    closing.put_float(stall.box, 5000)
    closing.move(stall.box, Way.OUT, 700, "supplies", WORDS)
    closing.count(stall.box, closing.pieces_for(closing.expected(stall.box) - 10))
    closing.close(stall.box, counted=True, despite_open=True)
    closing.put_float(stall.box, 2000)


def _print_again(tx: Tx) -> None:
    """The first sale's receipt, twice."""
    print_paper.report(tx, "ready", "The printer is ready.", auto=False, drawer=True)
    for copy in range(2):
        print_paper.ask_receipt(tx, 1, token_bytes(16))
        job = print_jobs.waiting(tx.conn)
        assert job is not None
        assert print_paper.begin(tx, job, copy)
        print_paper.end(tx, job.no, print_jobs.DONE, "")


def _looked_at(stall: Stocked) -> None:
    """What did not tie is seen; the bank refuses the payment approved offline; an end of day is cut off and closed nothing."""
    conn = stall.box.db.read()
    (offline,) = conn.execute("SELECT no FROM attempts WHERE settlement = 'settled'").fetchone()
    with stall.box.db.transaction() as tx:
        mark_seen(tx, "exception", 1, WORDS)
        mark_seen(tx, "day_end", 1, WORDS)
        decline_late(tx, offline, WORDS)
        job = ask_day_end(tx, 1)
        readers.begin_job(tx, job)
        readers.cut_job(tx, job, "cut off")
        record_no_day_end(tx, job, WORDS)
