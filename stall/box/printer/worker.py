"""Who prints: one thread that finds jobs in the database and takes them to the printer, one after the other.

A job is begun in the database before its first byte leaves and ended after its last; one that broke off in between is told as unclear and
never printed again by itself. A printer that is not ready keeps its jobs waiting; what waits too long is given up. The thread that runs it
shares no lock with anybody but the door, and a slow printer delays nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from stall import log
from stall.box.printer import escpos, owner_slip, ports, receipt_paper, trial_paper, z_paper
from stall.box.printer.escpos import Ability
from stall.box.printer.paper import Document, Kick
from stall.box.printer.ports import Port
from stall.box.printer.status import Seen
from stall.box.printer.talk import Talk
from stall.errors import Refused, Retry, StallError
from stall.flows import print_paper
from stall.settings import Printer
from stall.store import locks, print_jobs
from stall.store.box import Box
from stall.store.print_jobs import Job
from stall.store.readonly import one_view

#: The name its process holds, so that two never print.
NAME = "printer"
#: How often an idle printer is asked how it stands, and one that is not ready (s).
LOOK_S, AGAIN_S = 5.0, 1.0
logger = log.get("printer")

_LATER = "The printer stopped in the middle: {why} Part of this may have come out. Look at the paper, and print a copy if you need one."


class Printing:
    """The printer of one box and the thread that prints on it."""

    name = NAME

    def __init__(self, box: Box, printer: Printer, connect: Callable[[str, str], Port] = ports.connect) -> None:
        """Take the opened box and what its settings say of the printer; `connect` opens the way to it."""
        self._box, self._printer, self._connect = box, printer, connect
        self._can = Ability(printer.width_mm, printer.code_page, printer.qr == "native")
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        #: The thread came to its end as it should.
        self._ended = False
        self._port: Port | None = None
        self._echoes: bool | None = None
        self._reported: Seen | None = None
        self._looked_s = float("-inf")

    def start(self) -> None:
        """Begin, on a thread of its own."""
        self._thread.start()

    def wake(self) -> None:
        """Something changed in the database."""
        self._woken.set()

    def well(self) -> bool:
        """Whether its thread goes on, or had nothing to do here; a slow printer is no fault of it."""
        return self._ended or self._thread.is_alive()

    def stop(self, within_s: float) -> bool:
        """Begin no job any more; True when none is running after at most `within_s` seconds."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is None:  # never started: nothing prints but who called `round`
            self._let_go()
            return True
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        held = self._own()
        if held is None:
            self._ended = True
            return
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                pause = self._guarded(self.round)
                # What is not ready is not ready sooner because somebody sold something.
                (self._stopping if pause == AGAIN_S else self._woken).wait(pause)
        finally:
            self._let_go()
            held.release()

    def _own(self) -> locks.Held | None:
        """Take the printer's name; whoever had it before left jobs in the middle."""
        try:
            held = locks.own_name(self._box.folder, NAME)
        except Refused as refused:
            logger.warning("printer.not_ours", error=refused.code)
            return None
        self._guarded(self.begin)
        return held

    def _guarded(self, work: Callable[[], float]) -> float:
        """Do something that may fail without ending the thread, and say how long to wait before the next round (s)."""
        try:
            return work()
        except StallError as error:
            logger.warning("printer.failed", error=error.code)
        except Exception as error:  # noqa: BLE001 - whatever a printer or its library does, the next job is tried
            logger.error("printer.failed", reason=type(error).__name__)  # noqa: TRY400 - its words may hold a code
        self._let_go()
        return AGAIN_S

    def begin(self) -> float:
        """Tell of jobs that somebody before us left in the middle, and of the printer."""
        owner_slip.tidy(self._box)
        with self._box.db.transaction() as tx:
            told = print_paper.tell_interrupted(tx)
        if told:
            logger.warning("printer.interrupted", jobs=told)
        self._look()
        return 0.0

    def round(self) -> float:
        """Print everything that waits, then look at the printer if it was not looked at for a while; return how long to wait (s)."""
        self._give_up_late()
        while not self._stopping.is_set():
            job = print_jobs.waiting(self._box.db.read())
            if job is None:
                if time.monotonic() - self._looked_s >= LOOK_S:
                    self._look()
                return LOOK_S
            if not self._do(job):
                return AGAIN_S
        return 0.0

    def _do(self, job: Job) -> bool:
        """Print one job; False where the printer is not ready and the job waits on."""
        if job.kind == print_jobs.OWNER:
            return self._do_owner_slip(job)
        try:
            copy = print_paper.copies_before(self._box.db.read(), job)
            data = escpos.encode(self._document(job, copy), self._can)
        except StallError as error:
            self._end(job, print_jobs.FAILED, error.sentence)
            return True
        conversation = self._ready_for(job)
        if conversation is None:
            return False
        with self._box.db.transaction() as tx:
            begun = print_paper.begin(tx, job, copy)
        if begun:
            state, answer = self._print(conversation, job, data)
            self._end(job, state, answer)
        self._rest()
        return True

    def _do_owner_slip(self, job: Job) -> bool:
        """Print an owner slip as `_do`: its code is drawn only when the printer is ready, and erased when it is out."""
        conversation = self._ready_for(job)
        if conversation is None:
            return False
        try:
            code = owner_slip.draw(self._box, job)
            if code is not None:
                data = escpos.encode(owner_slip.document(self._box, job, code), self._can)
                state, answer = self._print(conversation, job, data, owner_slip.LATER)
                if state == print_jobs.DONE:
                    owner_slip.erase(self._box, code)
                self._end(job, state, answer)
                if state == print_jobs.DONE:  # a press that came in between kept it once more
                    owner_slip.erase(self._box, code)
        except StallError as error:
            self._end(job, print_jobs.FAILED, error.sentence)
        self._rest()
        return True

    def _ready_for(self, job: Job) -> Talk | None:
        """An open conversation with a printer that can print. The drawer is opened without asking: it must be quick."""
        try:
            conversation = self._talk()
            if job.kind != print_jobs.DRAWER and not self._report(conversation.look()).ready:
                self._rest()
                return None
        except (Retry, Refused) as error:
            self._lose(error)
            return None
        return conversation

    def _print(self, conversation: Talk, job: Job, data: bytes, later: str = _LATER) -> tuple[str, str]:
        """Let the bytes leave; say how it ended and what to tell of it, `later` where it broke off."""
        try:
            conversation.send(data)
            if job.kind == print_jobs.DRAWER:
                return print_jobs.DONE, ""
            after = self._report(conversation.finish())
        except Retry as error:
            self._lose(error)
            return (
                (print_jobs.UNCLEAR, later.format(why=error.sentence))
                if conversation.sent
                else (print_jobs.FAILED, error.sentence)
            )
        self._echoes = conversation.echoes
        if after.ready:
            return print_jobs.DONE, ""
        return print_jobs.UNCLEAR, later.format(why=after.sentence)

    def _document(self, job: Job, copy: int) -> Document:
        box = self._box
        if job.kind == print_jobs.DRAWER:
            return (Kick(),)
        if job.kind == print_jobs.TEST:
            return trial_paper.document(box.settings, self._printer)
        conn = box.db.read()
        with one_view(conn):
            if job.kind == print_jobs.Z_REPORT:
                return z_paper.document(conn, box.secrets, box.settings, job.subject or 0, copy=copy)
            found = receipt_paper.find(conn, box.secrets, job.subject or 0)
            return receipt_paper.document(conn, box.secrets, box.settings, found, copy=copy, now_ms=box.now_ms())

    def _end(self, job: Job, state: str, answer: str) -> None:
        with self._box.db.transaction() as tx:
            print_paper.end(tx, job.no, state, answer)
        logger.info("printer.job", kind=job.kind, state=state)

    def _give_up_late(self) -> None:
        now_ms = self._box.now_ms()
        late = (now_ms - print_paper.DRAWER_WAITS_MS, now_ms - print_paper.PAPER_WAITS_MS)
        if print_jobs.late(self._box.db.read(), *late):
            with self._box.db.transaction() as tx:
                print_paper.give_up_late(tx)

    def _talk(self) -> Talk:
        if self._port is None:
            self._port = self._connect(self._printer.link, self._printer.line)
        return Talk(self._port, self._echoes)

    def _look(self) -> None:
        """See how the printer stands while there is nothing to print."""
        self._looked_s = time.monotonic()
        try:
            self._report(self._talk().look())
        except (Retry, Refused) as error:
            self._lose(error)
        self._rest()

    def _report(self, seen: Seen) -> Seen:
        """Write down how the printer stands, where that changed."""
        if seen != self._reported:
            gone = seen.code in {"printer-lost", "printer-link", "printer-line", "printer-rights", "printer-in-use"}
            state: print_jobs.Standing = "ready" if seen.ready else "lost" if gone else "attention"
            with self._box.db.transaction() as tx:
                print_paper.report(
                    tx,
                    state,
                    seen.sentence,
                    auto=self._printer.auto,
                    drawer=self._printer.drawer,
                    owner_slips=self._printer.owner_slips,
                )
            self._reported = seen
            logger.info("printer.stands", state=seen.code)
        return seen

    def _lose(self, error: StallError) -> None:
        self._let_go()
        self._report(Seen(False, error.code, error.sentence))

    def _rest(self) -> None:
        """Let others use a printer that serves one at a time."""
        if self._port is not None and not self._port.kept:
            self._let_go()

    def _let_go(self) -> None:
        if self._port is not None:
            with suppress(StallError):
                self._port.close()
            self._port = None
