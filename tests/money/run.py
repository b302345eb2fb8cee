"""One stall of a run, from its making to its judgement: tills, kills, pulled cables, and two sets of books at the end."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections import Counter
from pathlib import Path

from stall.domain import books as day_books
from stall.domain.books import Books as DayBooks
from stall.reader.simulated import script as scripts
from stall.reader.zvt.timers import Timers
from stall.store import attempts, audit, reconciliation
from stall.store.box import Box
from tests.faults import accounts, kept, stage, stocked
from tests.faults.browser import Browser
from tests.faults.stage import NotInTime, Terminal
from tests.money import books, even, goods, plan
from tests.money.books import Books
from tests.money.clerk import Clerk
from tests.money.even import Ours
from tests.money.mischief import Mischief
from tests.money.outcome import Outcome
from tests.money.plan import Share
from tests.money.stand import Stand
from tests.money.tills import Till, close_day

#: All times of the protocol at once, of the reader and of the terminal.
SCALE = 1 / 50
#: The last end of the day is asked for again so often: a script may still disturb it.
LAST_TRIES = 20
TILLS = ("till-1", "till-2")


def play(share: Share, root: Path, scale: float = SCALE) -> Outcome:
    """Run one stall in `root` and judge it. What breaks the harness itself is found, too: nothing was proven then."""
    folder = root / share.name
    outcome = Outcome()
    try:
        home = stocked.make(folder)
        script = folder / "script.toml"
        script.write_text(plan.script(share), encoding="utf-8")
        terminal = Terminal(scale, scale, _card_after_s(scale), share.make.profile, share.make.tcp, script)
        with stage.running(home, cloud="", terminal=terminal) as running:
            outcome = _play(Stand(running, share, scale))
    except (NotInTime, sqlite3.Error) as error:
        outcome.found.append(f"{error!r}")
    outcome.found = [f"{sentence}\n    stall {share.name}, folder {folder}" for sentence in outcome.found]
    if not outcome.found:
        shutil.rmtree(folder)
    return outcome


def _card_after_s(scale: float) -> float:
    """A buyer at a stall takes a second and a half."""
    return 1.5 * scale


def _play(stand: Stand) -> Outcome:
    stage.eventually(stand.stage.reader_ready, stand.patience_s, "the reader to be ready")
    mischief, clerk = Mischief(stand, spread=max(1.0, stand.scale / SCALE)), Clerk(stand)
    tills = [Till(stand, own, other) for own, other in (TILLS, TILLS[::-1])]
    for each in (*tills, mischief, clerk):
        each.start()
    for till in tills:
        till.join()
    mischief.stop()
    _settle(stand)
    clerk.stop()
    _end_of_days(stand)
    stand.found += stand.stage.complaints()
    return _judged(stand)


def _settle(stand: Stand) -> None:
    """Nothing is killed any more: every payment ends by itself or by the clerk's decision."""
    try:
        stage.eventually(
            lambda: not stand.stage.open_attempts() and stand.stage.reader_ready(),
            stand.patience_s,
            "every payment to end",
        )
    except NotInTime as late:
        stand.find(str(late))


def _end_of_days(stand: Stand) -> None:
    """Close the terminal's day, so that it has told all it took."""
    till = Browser(stand.stage.till, stocked.PIN)
    for _ in range(LAST_TRIES):
        if close_day(stand, till):
            break
        time.sleep(0.1)
    else:
        stand.find("The terminal's last day could not be closed.")
    till.close()


def _judged(stand: Stand) -> Outcome:
    box, home = stand.stage.observer, stand.stage.home
    conn, told = box.db.read(), books.read(home.books)
    ours = read_ours(box)
    found = [*stand.found, *even.money(ours, told), *even.sent_once(ours, told, _repeat_ms(stand))]
    found += goods.compare(conn, goods.read(conn), stand.wanted)
    found += accounts.leased(conn)
    found += kept.check(box, conn, stand.promised)
    found += audit.audit(conn, box.secrets.signing.public).findings
    found += [f"Attempt {no} is still {state}." for no, state in stand.stage.open_attempts()]
    found += _day_ties(box, told)
    outcome = Outcome(stand.counts, found=found)
    outcome.faults = plan.met(scripts.load(home.root / "script.toml"), told.payments)
    outcome.unknowns.update(_ends_of_unknowns(conn))
    outcome.counts.update(_figures(conn, ours, told))
    return outcome


def _repeat_ms(stand: Stand) -> int:
    """Within what time a block that was not acknowledged is repeated; on a network none is."""
    return 0 if stand.share.make.tcp else round(Timers(stand.scale).certain_s * 1000)


def read_ours(box: Box) -> Ours:
    """Every attempt by card, and which of them were sent."""
    conn = box.db.read()
    sent: Counter[int] = Counter()
    for (data,) in conn.execute("SELECT bytes FROM events ORDER BY id"):
        event = json.loads(data)
        if event["kind"] == "attempt" and event["body"]["state"] == "sent":
            sent[event["body"]["attempt"]] += 1
    numbers = conn.execute("SELECT no FROM attempts WHERE tender = 'card' ORDER BY no").fetchall()
    return Ours(tuple(attempts.get(conn, row[0]) for row in numbers), sent)


def _day_ties(box: Box, told: Books) -> list[str]:
    """The box's own report ties, but for days whose end was cut off: of those only the terminal's slip tells."""
    keys = {box.secrets.signing.thumbprint: box.secrets.signing.public}
    read = reconciliation.read_books(box.db.read(), keys, box.settings.cur, cloud=False)
    unheard = len(told.days()) - sum(1 for each in read.day_ends if each.theirs_count)
    found = [
        each.sentence
        for each in day_books.checks(read)
        if not each.ok and not (each.name == "terminal" and unheard > 0)
    ]
    return found + _days(read, told)


def _days(read: DayBooks, told: Books) -> list[str]:
    """Each total we were told is that of a day in the terminal's books; with those nobody heard they are all we took."""
    days = [told.day_minor(day) for day in told.days()]
    heard = [each.theirs_minor for each in read.day_ends if each.theirs_count]
    left = list(days)
    found = []
    for minor in heard:
        if minor in left:
            left.remove(minor)
        else:
            found.append(f"We were told a day of {minor}, and the terminal's days are {days}.")
    ours = sum(each.ours_minor for each in read.day_ends) + read.since_minor
    if ours != sum(days) + told.day_minor(None):
        found.append(f"Our days come to {ours}, and the terminal's to {sum(days)} and {told.day_minor(None)} since.")
    return found


def _ends_of_unknowns(conn: sqlite3.Connection) -> list[str]:
    """How each attempt that was `unknown` ended, and by whom."""
    unclear: set[int] = set()
    ends: dict[int, str] = {}
    for (data,) in conn.execute("SELECT bytes FROM events ORDER BY id"):
        event = json.loads(data)
        body = event["body"]
        if event["kind"] != "attempt":
            continue
        if body["state"] == "unknown":
            unclear.add(body["attempt"])
        elif body["attempt"] in unclear:
            by = (
                "decided by a person with the slips"
                if body.get("reason") == "operator"
                else "told by the terminal when asked"
            )
            ends[body["attempt"]] = f"{body['state']}, {by}"
    return [ends.get(no, "still unknown") for no in unclear]


def _figures(conn: sqlite3.Connection, ours: Ours, told: Books) -> dict[str, int]:
    voids = conn.execute("SELECT count(*) FROM numbers WHERE state = 4").fetchone()[0]
    (numbers,) = conn.execute("SELECT count(*) FROM numbers WHERE state = 2").fetchone()
    (in_cash,) = conn.execute("SELECT count(*) FROM attempts WHERE tender = 'cash' AND state = 'paid'").fetchone()
    return {
        "card attempts": len(ours.attempts),
        "card attempts sent": len(ours.sent),
        "commands that move money, as the terminal heard them": len(told.heard),
        "payments booked": len(told.payments_made),
        "reversals booked": len(told.reversals),
        "refunds booked": len(told.refunds),
        "sales paid in cash instead": in_cash,
        "cents by card": told.minor,
        "edition numbers sold": numbers,
        "edition numbers void for ever": voids,
    }
