"""The link layer: a thread of its own that answers the line at once, whatever the journal is doing.

One session at a time: either ours (ENQ, ACK, frame, ACK, EOT) or the other end's. The same code serves the till
and the simulated terminal; what differs is said by `Side`. Of a frame whose ACK did not come nobody knows whether
it arrived: it is never sent again, only one that was answered with NAK is.
"""

from __future__ import annotations

import enum
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from stall.errors import Retry, StallError
from stall.reader.telium.session import TERMINAL, TILL, Heard, Outcome, Said, Side
from stall.reader.telium.timers import Timers
from stall.reader.transport import Transport
from stall.wire.readers import telium

__all__ = ["TERMINAL", "TILL", "Heard", "Link", "Outcome", "Said", "Side", "Trace"]

Trace = Callable[[str, bytes], None]
"""Called with `in` or `out` and a signal or a redacted frame."""

MOST_UNHEARD = 64
"""So many frames may wait for whoever hears them: a terminal says one for each ask."""

_CHUNK = 4096
_IDLE_S = 0.1


class _State(enum.Enum):
    IDLE = enum.auto()
    PAUSING = enum.auto()
    """We had no ACK to our ENQ and wait before the next."""
    OPENING = enum.auto()
    """Our ENQ is out."""
    SAYING = enum.auto()
    """Our frame is out."""
    HEARING = enum.auto()
    """We answered an ENQ and wait for the frame."""
    HOLDING = enum.auto()
    """A good frame waits for its ACK."""
    CLOSING = enum.auto()
    """We sent that ACK and wait for EOT."""


class Link:
    """Owns a transport until it is lost or closed; one Link per connection, never reused."""

    def __init__(
        self, transport: Transport, timers: Timers | None = None, trace: Trace | None = None, side: Side = TILL
    ) -> None:
        """Start the thread. `trace` is called from it and from others, and must not block."""
        self.timers = timers or Timers()
        self.asked = 0
        """How many frames of ours have left."""
        self.garbled = self.repeated = 0
        #: How often the line was read, and how often whoever waits for a frame went round: for the self-check.
        self.turns = self.waits = 0
        self._transport, self._trace, self._side = transport, trace, side
        self._decoder = telium.Decoder(side.hears)
        self._lock = threading.RLock()
        self._state, self._due = _State.IDLE, 0.0
        self._to_say: deque[Said] = deque()
        self._heard: Heard | None = None
        self._after = self._naks = 0
        self._up: queue.SimpleQueue[Heard | None] = queue.SimpleQueue()
        self._last_byte = 0.0
        self._lost: StallError | None = None
        self._thread = threading.Thread(target=self._run, name="reader-link", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False once the transport was lost or closed."""
        return self._lost is None

    @property
    def hearing(self) -> bool:
        """True while the other end is in the middle of saying something."""
        return self._state is _State.HEARING

    def say(self, body: bytes | None) -> Said:
        """Say one body, or with None only knock (ENQ, EOT); after what is going on now. Never raises."""
        said = Said(body)
        with self._lock:
            if self._lost is not None:
                said.end(Outcome.NOT_TAKEN)
                return said
            self._to_say.append(said)
            self._begin_next()
        return said

    def withdraw(self, said: Said) -> bool:
        """Give up something we wanted to say. True: its frame never left, and never will."""
        with self._lock:
            if said in self._to_say and not said.number:
                begun = said is self._to_say[0] and self._state in {_State.OPENING, _State.PAUSING}
                self._to_say.remove(said)
                said.end(Outcome.NOT_TAKEN)
                if begun:
                    self._write(telium.EOT)
                    self._rest()
            return not said.number

    def hear(self, timeout_s: float) -> Heard | None:
        """The next frame of the other end, or None after `timeout_s`. Raises Retry `reader-lost`."""
        self.waits += 1
        try:
            heard = self._up.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            heard = None
            if self._lost is None:
                return None
        if heard is None:
            self._up.put(None)  # whoever asks next shall hear it too
            raise self._lost or _gone()
        return heard

    def close(self) -> None:
        """End the thread and let go of the transport. Harmless when called twice."""
        self._lose(_gone())
        if threading.current_thread() is not self._thread:
            self._thread.join(2.0)

    def _run(self) -> None:
        try:
            while self.alive:
                self.turns += 1
                data = self._transport.read(_CHUNK, self._patience())
                with self._lock:
                    for event in self._events(data):
                        if self._lost is None:
                            self._handle(event)
                    if self._state is not _State.IDLE and time.monotonic() >= self._due:
                        self._overdue()
        except StallError as error:
            self._lose(error)

    def _events(self, data: bytes) -> list[telium.Event]:
        now = time.monotonic()
        if data:
            self._last_byte = now
            return self._decoder.feed(data)
        return self._decoder.quiet() if now >= self._last_byte + self.timers.gap_s else []

    def _patience(self) -> float:
        """How long to read: until the next thing is overdue."""
        now = time.monotonic()
        ends = [now + _IDLE_S]
        with self._lock:
            if self._state is not _State.IDLE:
                ends.append(self._due)
        if self._decoder.waiting:
            ends.append(self._last_byte + self.timers.gap_s)
        return max(0.0, min(ends) - now)

    def _handle(self, event: telium.Event) -> None:
        match event:
            case telium.Enq():
                self._spoken_to()
            case telium.Ack():
                self._acked()
            case telium.Nak():
                self._refused()
            case telium.Frame(body):
                self._take(body)
            case telium.Eot():
                self._ended()
            case telium.Garbled():
                self.garbled += 1
                if self._state is _State.HEARING:
                    self._ask_again()

    def _spoken_to(self) -> None:
        """An ENQ, at whatever moment: the other end missed our last signal, or begins anew."""
        match self._state:
            case _State.SAYING:
                return  # an echo of our own, or out of turn; it will come again
            case _State.OPENING | _State.PAUSING if not self._side.waits:
                return
            case _State.OPENING | _State.PAUSING:
                self._to_say[0].tries = 0
        self._write(telium.ACK)
        self._after, self._naks = self.asked, 0
        self._go(_State.HEARING, self.timers.reply_s)

    def _acked(self) -> None:
        if self._state is _State.OPENING:
            said = self._to_say[0]
            if said.body is None:
                self._finish(Outcome.TAKEN)
                return
            self.asked += 1
            said.number, said.tries = self.asked, 1
            self._write(telium.encode_frame(said.body))
            self._go(_State.SAYING, self.timers.reply_s)
        elif self._state is _State.SAYING:
            self._finish(Outcome.TAKEN)

    def _refused(self) -> None:
        if self._state is _State.OPENING:
            self._pause()
        elif self._state is _State.SAYING:
            said = self._to_say[0]
            if said.body is None or said.tries > self.timers.REPEATS:
                self._finish(Outcome.NOT_TAKEN)
                return
            said.tries += 1
            self._write(telium.encode_frame(said.body))
            self._go(_State.SAYING, self.timers.reply_s)

    def _take(self, body: bytes) -> None:
        """A frame: pass it on and hold its ACK, or answer the repeat of the one we have."""
        self._note("in", telium.encode_frame(body))
        if self._state not in {_State.HEARING, _State.HOLDING, _State.CLOSING}:
            return  # a frame without ENQ before it; not acknowledged, so it comes again in order
        if self._said_again(body):
            self.repeated += 1
        else:
            self._settle()
            if self._up.qsize() >= MOST_UNHEARD:
                raise Retry(
                    "reader-lost",
                    "The card terminal sends without end, so its line was closed. Restart the terminal.",
                    5.0,
                )
            self._heard = Heard(body, self._after, self._acknowledge)
            self._up.put(self._heard)
        self._go(_State.HOLDING, self.timers.hold_s)
        heard = self._heard
        if heard is not None and (heard.wanted or heard.acked or not self._side.waits):
            self._send_ack(heard)

    def _said_again(self, body: bytes) -> bool:
        """Whether the other end repeats itself: the same in one session, or in a new one with no ask of ours between."""
        if self._heard is None or body != self._heard.body:
            return False
        return self._state is not _State.HEARING or (self._side.waits and self._after == self._heard.after)

    def _acknowledge(self, heard: Heard) -> None:
        with self._lock:
            heard.wanted = True
            if self._state is _State.HOLDING and heard is self._heard:
                self._send_ack(heard)

    def _send_ack(self, heard: Heard) -> None:
        self._write(telium.ACK)
        if self._lost is None:
            heard.acked = True
            self._go(_State.CLOSING, self.timers.close_s)

    def _ended(self) -> None:
        """EOT: the end of their session, or of their patience."""
        if self._state in {_State.HEARING, _State.HOLDING, _State.CLOSING}:
            self._rest()

    def _overdue(self) -> None:
        match self._state:
            case _State.PAUSING:
                self._enquire()
            case _State.OPENING:
                self._pause()
            case _State.SAYING:
                self._finish(Outcome.UNSURE)
            case _State.HEARING:
                self._ask_again()
            case _State.HOLDING if self._heard is not None:
                self._send_ack(self._heard)
            case _:
                self._rest()

    def _ask_again(self) -> None:
        """No frame we can use: NAK, or after its repeats leave the other end to begin anew."""
        if self._naks >= self.timers.REPEATS:
            self._rest()
            return
        self._naks += 1
        self._write(telium.NAK)
        self._go(_State.HEARING, self.timers.reply_s)

    def _begin_next(self) -> None:
        if self._state is _State.IDLE and self._to_say:
            self._enquire()

    def _enquire(self) -> None:
        self._to_say[0].tries += 1
        self._write(telium.ENQ)
        self._go(_State.OPENING, self.timers.reply_s)

    def _pause(self) -> None:
        """Nobody listens: EOT, and ENQ again a little later, three times in all."""
        if self._to_say[0].tries > self.timers.REPEATS:
            self._finish(Outcome.NOT_TAKEN)
            return
        self._write(telium.EOT)
        self._go(_State.PAUSING, self.timers.again_s)

    def _finish(self, outcome: Outcome) -> None:
        """Our session is over; EOT says so, which also lets a terminal go on whose ACK got lost."""
        said = self._to_say.popleft()
        self._write(telium.EOT)
        said.end(outcome)
        self._rest()

    def _settle(self) -> None:
        """An answer we acknowledged stands once the line goes on or falls quiet."""
        if self._heard is not None and self._heard.acked:
            self._heard.end(certain=True)

    def _rest(self) -> None:
        self._settle()
        self._state = _State.IDLE
        self._begin_next()

    def _go(self, state: _State, seconds: float) -> None:
        if self._lost is None:
            self._state, self._due = state, time.monotonic() + seconds

    def _write(self, data: bytes) -> None:
        if self._lost is not None:
            return
        self._note("out", data)
        try:
            self._transport.write(data)
        except StallError as error:
            self._lose(error)

    def _note(self, direction: str, data: bytes) -> None:
        if self._trace is not None:
            self._trace(direction, telium.redact(data))

    def _lose(self, error: StallError) -> None:
        with self._lock:
            if self._lost is not None:
                return
            self._lost = error
            if self._heard is not None:
                self._heard.end(certain=False)
            for said in self._to_say:
                said.end(Outcome.UNSURE if said.number else Outcome.NOT_TAKEN)
            self._to_say.clear()
            self._state = _State.IDLE
        self._transport.close()
        self._up.put(None)


def _gone() -> Retry:
    return Retry("reader-lost", "The card terminal is no longer connected. Check its cable and power.", 2.0)
