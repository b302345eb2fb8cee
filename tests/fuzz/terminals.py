"""What card terminals send, for the fuzzer: blocks of a serial line, units of a network, answers of Concert E+."""

from __future__ import annotations

from collections.abc import Iterable

from stall.reader.zvt.telling import told_of
from stall.wire.readers import telium, zvt
from tests.fuzz.reading import Target, outcome
from tests.wire.readers import recorded


def _zvt(data: bytes) -> object:
    """The bytes as a serial line and as a network bring them, whole and one by one: the same units, read and redacted."""
    for stream in (zvt.Decoder, zvt.ApduStream):
        whole, single = stream(), stream()
        at_once = whole.feed(data)
        assert [event for byte in data for event in single.feed(bytes([byte]))] == at_once
        for event in at_once:
            if isinstance(event, zvt.Apdu):
                _unit(event.data)
    _unit(data)
    return None


def _unit(apdu: bytes) -> None:
    assert len(zvt.redact(apdu)) == len(apdu)
    outcome(lambda: _read(apdu))


def _read(apdu: bytes) -> object:
    message = zvt.parse_apdu(apdu)
    if isinstance(message, zvt.StatusInformation):
        told = told_of(message)
        assert not told.approved or (message.complete and message.result == 0)
        assert told.last4 is None or len(told.last4) <= 4
    return message


def _telium(data: bytes) -> object:
    """At either end, whole and one by one; what is an answer is read."""
    for lengths in (telium.ANSWERS, telium.ASKS):
        whole, single = telium.Decoder(lengths), telium.Decoder(lengths)
        at_once = whole.feed(data)
        assert [event for byte in data for event in single.feed(bytes([byte]))] == at_once
        for event in at_once:
            if isinstance(event, telium.Frame):
                outcome(lambda body=event.body: telium.parse_answer(body))  # type: ignore[misc]  # its default binds it
    telium.redact(data)
    return telium.parse_answer(data)


def _zvt_seeds() -> Iterable[bytes]:
    yield from map(bytes.fromhex, recorded.BLOCKS.values())
    for unit in map(bytes.fromhex, recorded.FROM_TERMINAL.values()):
        yield unit
        yield zvt.encode_frame(unit)


TERMINALS: dict[str, Target] = {
    "zvt": Target(_zvt, _zvt_seeds),
    "telium": Target(
        _telium,
        lambda: [
            telium.encode_frame(telium.ask(1250, "EUR")),
            telium.encode_frame(b"0100000125019780000000042"),
            b"\x05\x06\x04",
        ],
    ),
}
