"""The process that owns one terminal's port: connects, recovers, takes payments one at a time.

It learns what to do from the database and wakes when that changes. What it leaves unfinished at any
instant, the next start finds as an open attempt and asks the terminal about, before anything else.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from typing import NamedTuple

from stall import log
from stall.alive import Alive
from stall.domain.payment import Reason, State
from stall.errors import Refused, Retry, StallError
from stall.flows import card_attempt, day_end
from stall.reader.connect import open_terminal
from stall.reader.driver import READY, Driver
from stall.reader.payment import Payment, abilities
from stall.reader.recovery import resolve, said_otherwise
from stall.settings import Reader
from stall.store import attempts, locks, readers
from stall.store.attempts import Attempt
from stall.store.box import Box
from stall.store.watch import Watcher

#: Terminals drop their USB after a night idle unless somebody asks how they are (s).
KEEP_ALIVE_S = 60.0
#: Scaled, as the protocol's own times are, by `time_scale` of the settings; so is ASK_AGAIN_S.
RECONNECT_FIRST_S, RECONNECT_LAST_S = 0.5, 5.0
#: How long a sleep may go on before looking up whether to stop (s).
GLANCE_S = 0.5
#: How often an unclear payment is asked about again while a person has not decided (s).
ASK_AGAIN_S = 15.0


class Job(NamedTuple):
    """What the till is told of a job while it runs, and when it was cut off."""

    doing: str
    cut_off: str


#: By the kind of the job.
JOBS = {
    "day_end": Job(
        "Closing the terminal's day",
        "The terminal's end of day was cut off. If it printed a slip, keep that; then ask again.",
    ),
    "print_again": Job(
        "Printing the last slip", "It was cut off. If no slip came, ask again when the terminal is back."
    ),
    "diagnosis": Job("The terminal checks itself", "The check was cut off. Ask again when the terminal is back."),
}


class Worker:
    """Runs one reader until told to stop."""

    def __init__(self, box: Box, number: int, settings: Reader, stop: threading.Event) -> None:
        """Hold the reader's name for life, so that two processes never share a terminal."""
        self._box, self._no, self._settings, self._stop = box, number, settings, stop
        self._scale = settings.time_scale
        self._wait_s = RECONNECT_FIRST_S * self._scale
        self._log = log.get("reader")
        self._name_lock = locks.own_name(box.folder, f"reader-{number}")
        self._running: Payment | None = None
        self._told: tuple[str, str] | None = None
        self._tells_totals = True
        self._terminal: Driver | None = None
        self._rounds, self._waits, self._without = 0, 0, itertools.count()
        self._watcher = Watcher(box.db.path, self._on_change)

    @property
    def paying(self) -> bool:
        """Whether the terminal is taking a payment: whoever stops us waits for that."""
        return self._running is not None

    def alive(self) -> Alive:
        """What must go on: this thread and the line's go round, however slow a card, a person or a terminal is."""
        return Alive(turns={"worker": self._turns, "line": self._line, "watcher": lambda: self._watcher.turns})

    def _turns(self) -> int:
        terminal = self._terminal
        return self._rounds + self._waits + (0 if terminal is None else terminal.waits)

    def _line(self) -> int:
        """Turns of the line's thread; where there is no line, or it was lost, nothing is asked of it."""
        terminal = self._terminal
        return next(self._without) if terminal is None or not terminal.alive else terminal.turns

    def run(self) -> None:
        """Connect and serve, again and again, until `stop` is set."""
        self._close_unfinished()
        self._fail_begun_jobs()
        try:
            while not self._stop.is_set():
                self._rounds += 1
                try:
                    self._serve(self._connect())
                except Retry as trouble:
                    self._without_terminal(trouble)
                    self._pause(self._wait_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, guards nothing
                    self._wait_s = min(RECONNECT_LAST_S * self._scale, self._wait_s * 2)
                except Refused as refusal:  # a wrong password, a port nobody may open: told at the till and tried again
                    self._without_terminal(refusal)
                    self._pause(RECONNECT_LAST_S * self._scale)
        finally:
            self._report("lost", "The reader's program is stopped.")
            self._watcher.stop()
            self._name_lock.release()

    def _pause(self, seconds: float) -> None:
        """Wait, going round now and then, until that is over or it is time to stop."""
        until = time.monotonic() + seconds
        while not self._stop.wait(min(GLANCE_S, max(0.0, until - time.monotonic()))) and time.monotonic() < until:
            self._rounds += 1

    def _connect(self) -> Driver:
        terminal = open_terminal(self._settings)
        self._wait_s = RECONNECT_FIRST_S * self._scale
        return terminal

    def _without_terminal(self, trouble: StallError) -> None:
        self._report("lost", trouble.sentence)
        self._refuse_requests(Reason.READER_LOST)

    def _serve(self, terminal: Driver) -> None:
        """Work with one connection until it breaks. Raises Retry then, Refused where the terminal refuses us."""
        self._terminal = terminal
        try:
            self._report("checking", "Asking the terminal how it stands")
            status = self._wait_until_ready(terminal)
            self._recover(terminal)
            if self._stop.is_set():
                return
            terminal.register(self._box.settings.cur)
            self._learn_baseline(terminal)
            self._note_abilities(terminal)
            self._report_status(terminal, status)
            while not self._stop.is_set() and terminal.alive:
                self._next(terminal)
        finally:
            self._terminal, self._waits = None, self._waits + terminal.waits
            terminal.close()
        if not self._stop.is_set():
            raise Retry("reader-lost", "The card terminal is not connected. Check its cable and power.", 1.0)

    def _next(self, terminal: Driver) -> None:
        """Do one thing: a payment, a job, or a sleep that ends when the database changes."""
        seen = self._watcher.count
        attempt = next(iter(attempts.open_on_reader(self._box.db.read(), self._no)), None)
        if attempt is not None and attempt.state is State.REQUESTED:
            self._pay(terminal, attempt)
        elif attempt is not None:
            self._recover(terminal)
        elif (job := readers.waiting_job(self._box.db.read(), self._no)) is not None:
            self._do_job(terminal, *job)
        elif self._contradicted(terminal):
            return
        elif not self._changed_within(terminal, seen, KEEP_ALIVE_S) and not self._stop.is_set():
            self._report_status(terminal, terminal.status())

    def _contradicted(self, terminal: Driver) -> bool:
        """Note what a terminal says of its last payment after a person has decided otherwise."""
        told = terminal.late_word()
        # Looked for only then: it passes over all that was taken for nothing since, and a drop wakes this at every take.
        ended = None if told is None else attempts.newest_on_reader(self._box.db.read(), self._no)
        if told is None or ended is None:
            return False
        if told.approved != (ended.state is State.PAID):
            with self._box.db.transaction() as tx:
                card_attempt.note_contradiction(tx, ended.no, said_otherwise(ended))
        return True

    def _changed_within(self, terminal: Driver, seen: int, seconds: float) -> bool:
        """Wait for a change of the database, looking up twice a second whether to stop or the cable is out."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stop.is_set():
            self._rounds += 1
            if self._watcher.wait(seen, GLANCE_S) != seen or not terminal.alive:
                return True
        return False

    def _pay(self, terminal: Driver, attempt: Attempt) -> None:
        self._report("busy", "Taking a payment")
        self._running = Payment(self._box.db, terminal, attempt, self._box.settings.offline.caps)
        try:
            ended = self._running.run()
        finally:
            self._running = None
        self._log.info("payment.ended", attempt=ended.no, state=ended.state.value, reason=ended.reason)
        if ended.state is State.UNKNOWN:
            self._recover(terminal)
        elif ended.state is not State.NOT_SENT and (ended.receipt_no is None or ended.state is not State.PAID):
            self._learn_baseline(terminal)
        if terminal.alive:
            self._report("ready", "Ready")

    def _recover(self, terminal: Driver) -> None:
        """Ask about every unclear payment until the terminal or a person has said what happened."""
        while not self._stop.is_set():
            self._close_unfinished()
            unclear = [a for a in attempts.open_on_reader(self._box.db.read(), self._no) if a.state is State.UNKNOWN]
            if not unclear:
                return
            self._report("checking", "Asking the terminal what became of a payment")
            self._wait_until_ready(terminal)
            if self._stop.is_set():
                return  # a terminal in the middle of something would tell of the payment before
            now = resolve(self._box.db, terminal, unclear[0])
            self._log.info("payment.asked", attempt=now.no, state=now.state.value)
            if now.state is State.UNKNOWN:
                self._wait_for_decision(now.no)
            self._learn_baseline(terminal)

    def _wait_for_decision(self, attempt_no: int) -> None:
        until = time.monotonic() + ASK_AGAIN_S * self._scale
        while not self._stop.is_set() and time.monotonic() < until:
            self._rounds += 1
            seen = self._watcher.count
            if not attempts.get(self._box.db.read(), attempt_no).open:
                return
            self._watcher.wait(seen, 1.0)

    def _wait_until_ready(self, terminal: Driver) -> int:
        """Poll the status, without spamming, until the terminal is done with jobs of its own; return the last one."""
        status = READY
        while not self._stop.is_set():
            self._rounds += 1
            status = terminal.status()
            if terminal.takes_commands(status):
                break
            self._report_status(terminal, status)
            self._pause(terminal.pause_s)
        return status

    def _learn_baseline(self, terminal: Driver) -> None:
        """The receipt number before the next payment: what recovery compares with.

        A terminal that does not tell it leaves none: beside an old one, an earlier payment could look like the next.
        """
        told = terminal.last_payment()
        tid = None if told is None else told.tid
        known = None if told is None or tid is None else told.receipt_no
        with self._box.db.transaction() as tx:
            readers.remember_receipt(tx, self._no, tid, known, None if told is None else told.mark)
        if terminal.profile.reverses_by_itself and self._tells_totals:
            self._learn_total(terminal, tid)

    def _learn_total(self, terminal: Driver, tid: str | None) -> None:
        """What it took in its open day, where that is not known of this terminal: once a day, for some print it."""
        known = readers.expected_total(self._box.db.read(), self._no)
        if known is not None and known[0] == tid:
            return
        total = terminal.totals()
        self._tells_totals = total is not None
        with self._box.db.transaction() as tx:
            if total is None:
                readers.remember_total(tx, self._no, None, None)
            else:
                readers.remember_total(tx, self._no, total.tid or tid, total.total_minor)

    def _do_job(self, terminal: Driver, job: int, kind: str) -> None:
        """Do what was asked besides payments: the terminal's day end, or its check of itself."""
        self._report("busy", JOBS[kind].doing)
        with self._box.db.transaction() as tx:
            readers.begin_job(tx, job)  # so that a crash from here on does not close a second, empty day
            if kind == "day_end":
                readers.remember_total(tx, self._no, None, None)  # whatever becomes of it, the old one counts no more
        try:
            if kind == "day_end":
                self._close_day(terminal, job)
            elif kind == "print_again":
                terminal.print_again()
                self._end_job(job, "done", "The terminal printed its last slip again.")
            else:
                terminal.diagnose()
                self._end_job(job, "done", "The terminal checked itself and its line, and found nothing wrong.")
        except Refused as refusal:
            self._end_job(job, "failed", refusal.sentence)
        except Retry:
            with self._box.db.transaction() as tx:
                readers.cut_job(tx, job, JOBS[kind].cut_off)
            raise
        self._report("ready", "Ready")

    def _close_day(self, terminal: Driver, job: int) -> None:
        totals = terminal.end_of_day()
        with self._box.db.transaction() as tx:
            day_end.record_day_end(
                tx,
                job,
                self._no,
                total_minor=totals.total_minor,
                count=totals.count,
                cur=totals.currency or self._box.settings.cur,
                tid=totals.tid,
            )
        self._box.db.truncate_log()
        self._learn_baseline(terminal)

    def _end_job(self, job: int, state: str, answer: str) -> None:
        with self._box.db.transaction() as tx:
            readers.end_job(tx, job, state, answer)

    def _note_abilities(self, terminal: Driver) -> None:
        """Tell the till which buttons make sense with this terminal."""
        can = abilities(terminal)
        known = readers.find(self._box.db.read(), self._no)
        if known is not None and known.can != can:
            with self._box.db.transaction() as tx:
                readers.note_abilities(tx, self._no, can)

    def _close_unfinished(self) -> None:
        """An attempt of which no process knows any more is unknown: it is asked about, never sent again."""
        stranded = {State.SENT, State.APPROVED, State.REVERSING}
        for attempt in attempts.open_on_reader(self._box.db.read(), self._no):
            if attempt.state in stranded:
                with self._box.db.transaction() as tx:
                    card_attempt.doubt(tx, attempt.no, Reason.READER_LOST)

    def _fail_begun_jobs(self) -> None:
        """A day end cut off in the middle may have been done: only the terminal's slip can say."""
        with self._box.db.transaction() as tx:
            for kind, job in JOBS.items():
                readers.fail_begun_jobs(tx, self._no, kind, job.cut_off)

    def _refuse_requests(self, reason: Reason) -> None:
        """Without a terminal a request is answered at once, so that the buyer can pay otherwise."""
        for attempt in attempts.open_on_reader(self._box.db.read(), self._no):
            if attempt.state is State.REQUESTED:
                with self._box.db.transaction() as tx:
                    if attempts.get(tx.conn, attempt.no).state is State.REQUESTED:
                        card_attempt.not_sent(tx, attempt.no, reason)

    def _on_change(self) -> None:
        """On the watcher's thread: pass a wish to cancel on to the terminal."""
        running = self._running
        if running is not None and attempts.get(self._box.db.read(), running.attempt_no).cancel_wanted:
            running.abort()

    def _report_status(self, terminal: Driver, status: int) -> None:
        ready = status == READY
        self._report("ready" if ready else "busy", "Ready" if ready else terminal.status_words(status))

    def _report(self, link: str, display: str) -> None:
        """Tell the till how the reader stands; silent when nothing changed, so the card is spared."""
        if self._told == (link, display):
            return
        self._told = (link, display)
        with self._box.db.transaction() as tx:
            readers.report(tx, self._no, self._settings.name, link, display)
