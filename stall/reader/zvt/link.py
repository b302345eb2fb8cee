"""The link layer: a thread of its own that acknowledges blocks at once and repeats what was not heard.

It owns the transport. Command units go up through a queue and down through `send`; what they mean is
nobody's business here, with one exception named at `_shows_progress`.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from stall import log
from stall.errors import Retry, StallError
from stall.reader.transport import Transport
from stall.reader.zvt.timers import Timers
from stall.wire.readers import zvt

Trace = Callable[[str, bytes], None]
"""Called with `in` or `out` and a redacted command unit."""

MOST_UNHEARD = 256
"""So many units may wait for whoever hears them: a terminal says a few for each command."""

_CHUNK = 4096
_IDLE_S = 0.25
#: Whoever waits long for a unit goes round so often meanwhile (s).
_SLICE_S = 1.0
_REPEAT_WINDOW = 1.2
_ANSWERS = (0x80, 0x84)
_ABORT = b"\x06\x1e"
_STEP_REVERSING = bytes([0x04, 0xFF])


@dataclass(frozen=True, slots=True)
class Received:
    """A whole command unit and the moment (time.monotonic) its last byte was read."""

    data: bytes
    at: float


class Sent:
    """One block of ours on its way."""

    def __init__(self, apdu: bytes, drained: Callable[[float], bool] | None) -> None:
        self.apdu = apdu
        self.failed = False
        self.tries = self.overdue = 0
        self.due = 0.0
        self._drained = drained
        self._done = threading.Event()

    def acked(self, timeout_s: float) -> bool:
        """Wait until the block certainly arrived. False: it failed, or nothing is known after `timeout_s`."""
        if self._drained is not None:
            return not self.failed and self._drained(timeout_s)
        return self._done.wait(max(0.0, timeout_s)) and not self.failed

    def settle(self, *, failed: bool) -> None:
        """Note the outcome, once; the link layer calls this."""
        if not self._done.is_set():
            self.failed = failed
            self._done.set()


class Link:
    """Owns a transport until it is lost or closed; one Link per connection, never reused."""

    def __init__(self, transport: Transport, timers: Timers | None = None, trace: Trace | None = None) -> None:
        """Start the thread. `trace` is called from it and from senders, and must not block."""
        self.timers = timers or Timers()
        self.framed = transport.framed
        self._transport, self._trace = transport, trace
        self._decoder = zvt.Decoder()
        self._stream = zvt.ApduStream()
        self._lock = threading.RLock()
        self._waiting: deque[Sent] = deque()
        self._up: queue.SimpleQueue[Received | None] = queue.SimpleQueue()
        self._last: bytes | None = None
        self._last_at = self._heard_at = 0.0
        self._strays, self._stray_until = 0, 0.0
        self._lost: StallError | None = None
        #: How often the line was read, and how often whoever waits for a unit went round: for the self-check.
        self.turns = self.waits = 0
        self.noise = self.bad_frames = self.duplicates = 0
        self.before_ack: Callable[[bytes], None] | None = None
        """Called with each new unit before it is acknowledged, on the link's thread; a StallError loses the line instead."""
        self._thread = threading.Thread(target=self._run, name="reader-link", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False once the transport was lost or closed."""
        return self._lost is None

    def send(self, apdu: bytes) -> Sent:
        """Send one unit: at once, or after the one that still waits for its acknowledgement. Never raises."""
        sent = Sent(apdu, None if self.framed else self._transport.drained)
        with self._lock:
            self._note("out", apdu)
            if self._lost is not None:
                sent.settle(failed=True)
            elif not self.framed:
                self._write(apdu)
                if not self.alive:
                    sent.settle(failed=True)
            else:
                self._waiting.append(sent)
                if len(self._waiting) == 1:
                    self._transmit(sent)
        return sent

    def receive(self, timeout_s: float) -> Received | None:
        """The next unit, or None after `timeout_s`. Raises Retry `reader-lost` when the line is gone."""
        until = time.monotonic() + timeout_s
        while True:
            self.waits += 1
            left = until - time.monotonic()
            try:
                received = self._up.get(timeout=max(0.0, min(left, _SLICE_S)))
            except queue.Empty:
                if self._lost is None and left > _SLICE_S:
                    continue
                received = None
                if self._lost is None:
                    return None
            break
        if received is None:
            self._up.put(None)  # whoever asks next shall hear it too
            raise self._lost or Retry(
                "reader-lost", "The card terminal is no longer connected. Check its cable and power.", 2.0
            )
        return received

    def discard(self) -> None:
        """Forget units that nobody received; they belong to a transaction that is over."""
        while not self._up.empty():
            if self._up.get() is None:
                self._up.put(None)
                return

    def close(self) -> None:
        """End the thread and let go of the transport. Harmless when called twice."""
        self._lose(Retry("reader-lost", "The card terminal is no longer connected. Check its cable and power.", 2.0))
        if threading.current_thread() is not self._thread:
            self._thread.join(2.0)

    def _run(self) -> None:
        """Read, acknowledge, repeat, until the transport is lost."""
        try:
            while self.alive:
                self.turns += 1
                data = self._transport.read(_CHUNK, self._patience())
                with self._lock:
                    for event in self._events(data):
                        self._handle(event)
                    self._repeat_overdue()
        except StallError as error:
            self._lose(error)

    def _events(self, data: bytes) -> list[zvt.Event]:
        if not self.framed:
            return self._stream.feed(data)
        now = time.monotonic()
        if data:
            self._heard_at = now
            return self._decoder.feed(data)
        return self._decoder.quiet() if now >= self._heard_at + self.timers.t1_s else []

    def _patience(self) -> float:
        """How long to read: T1, or until the block we wait for is overdue."""
        patience = self.timers.t1_s if self.framed else _IDLE_S
        with self._lock:
            if self._waiting:
                patience = min(patience, max(0.0, self._waiting[0].due - time.monotonic()))
        return patience

    def _handle(self, event: zvt.Event) -> None:
        match event:
            case zvt.Ack():
                self._acknowledged()
            case zvt.Nak():
                if self._waiting:
                    self._try_again(self._waiting[0])
            case zvt.Apdu(data):
                self._take(data)
            case zvt.BadFrame():
                self.bad_frames += 1
                self._write(zvt.NAK)
            case zvt.Noise():
                self.noise += 1

    def _take(self, data: bytes) -> None:
        """Acknowledge first; pass on what is not the peer's repeat of a block whose ACK it missed."""
        at = time.monotonic()
        again = self._came_before(data, at)
        if self.before_ack is not None and not again:
            self.before_ack(data)
        if self.framed:
            self._write(zvt.ACK)
            self._remember(data)
            if again:
                self.duplicates += 1
                return
        self._note("in", data)
        if self._up.qsize() >= MOST_UNHEARD:
            raise talks_without_end()
        self._up.put(Received(data, at))

    def _remember(self, data: bytes) -> None:
        """What was acknowledged just now; if that took long, the peer's repeat is still a repeat."""
        same = data == self._last
        self._last, self._last_at = data, time.monotonic()
        if not same and _shows_progress(data):
            self._settle_first(failed=False, keep_last=True)

    def _came_before(self, data: bytes, now: float) -> bool:
        """Blocks bear no number: the same bytes within T2 (and a little), with none of ours acknowledged between.

        Later it is the peer's application saying the same thing again; even that does not show that it got
        our last block. Another block does.
        """
        return data == self._last and now < self._last_at + _REPEAT_WINDOW * self.timers.t2_s

    def _acknowledged(self) -> None:
        """Credit an ACK to the block that waits, unless it may belong to an earlier one sent twice.

        Eating one too many costs a repeat; crediting a late one to the next block would call an answer
        certain that never arrived.
        """
        if self._strays and time.monotonic() < self._stray_until:
            self._strays -= 1
            return
        self._strays = 0
        self._settle_first(failed=False)

    def _settle_first(self, *, failed: bool, keep_last: bool = False) -> None:
        if not self._waiting:
            return
        sent = self._waiting.popleft()
        sent.settle(failed=failed)
        self._strays += sent.overdue
        if not (failed or keep_last):
            self._last = None  # our answer got through: the same block now would be a new one
        if self._waiting:
            self._transmit(self._waiting[0])

    def _repeat_overdue(self) -> None:
        now = time.monotonic()
        if self._waiting and now >= self._waiting[0].due:
            self._waiting[0].overdue += 1
            self._stray_until = now + self.timers.t2_s
            self._try_again(self._waiting[0])

    def _try_again(self, sent: Sent) -> None:
        if sent.tries > self.timers.REPEATS:
            self._settle_first(failed=True)
        else:
            self._transmit(sent)

    def _transmit(self, sent: Sent) -> None:
        if not sent.tries and sent.apdu[0] not in _ANSWERS:
            self._last = None  # a new command: whatever comes next is new, even if it looks the same
        sent.tries += 1
        sent.due = time.monotonic() + self.timers.t2_s
        self._write(zvt.encode_frame(sent.apdu))

    def _write(self, data: bytes) -> None:
        try:
            self._transport.write(data)
        except StallError as error:
            self._lose(error)

    def _note(self, direction: str, apdu: bytes) -> None:
        if self._trace is not None:
            self._trace(direction, zvt.redact(apdu))

    def _lose(self, error: StallError) -> None:
        with self._lock:
            if self._lost is not None:
                return
            self._lost = error
            for sent in self._waiting:
                sent.settle(failed=True)
            self._waiting.clear()
        self._transport.close()
        self._up.put(None)


def talks_without_end() -> Retry:
    """What ends a line on which more comes than anybody asked for."""
    log.get("reader").warning("reader.talks_without_end", most=MOST_UNHEARD)
    return Retry(
        "reader-lost", "The card terminal sends without end, so its line was closed. Restart the terminal.", 5.0
    )


def _shows_progress(data: bytes) -> bool:
    """Whether a new block proves that the peer got our last one.

    The terminal goes on only after our answer, with two exceptions: it may give up waiting and say so with
    `06 1E`, or with the step "automatic reversal" before it. Those prove nothing.
    """
    reversing = data[:2] == _STEP_REVERSING and data[3:4] == bytes([zvt.codes.AUTO_REVERSAL])
    return data[:2] != _ABORT and not reversing
