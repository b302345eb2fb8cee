"""The card that the virtual machine's data lies on keeps its word, and no more than its word."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vm.card import SECTOR, Card

SIZE = 64 * 1024
READ, WRITE, FLUSH = 0, 1, 3


class Client:
    """What qemu does, shortened."""

    def __init__(self, card: Card) -> None:
        self.line, its = socket.socketpair()
        self.line.settimeout(10)
        self.talk = threading.Thread(target=card.talk, args=(its,))
        self.talk.start()
        assert self._get(18)[:16] == b"NBDMAGICIHAVEOPT"
        self.line.sendall(struct.pack(">I", 3))
        self.line.sendall(struct.pack(">8sII", b"IHAVEOPT", 8, 0))  # structured replies, which it does not have
        assert struct.unpack(">QIII", self._get(20))[2] == 0x80000001
        self.line.sendall(struct.pack(">8sIIIH", b"IHAVEOPT", 7, 6, 0, 0))
        kinds: list[int] = []
        while kinds[-1:] != [1]:
            _, _, kind, length = struct.unpack(">QIII", self._get(20))
            kinds.append(kind)
            told = self._get(length)
            if kind == 3:
                assert struct.unpack(">HQH", told)[1] == SIZE

    def ask(self, kind: int, offset: int = 0, length: int = 0, data: bytes = b"") -> bytes:
        self.line.sendall(struct.pack(">IHHQQI", 0x25609513, 0, kind, 7, offset, len(data) or length) + data)
        assert struct.unpack(">IIQ", self._get(16)) == (0x67446698, 0, 7)
        return self._get(length)

    def hang_up(self) -> None:
        self.line.close()
        self.talk.join(10)

    def _get(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            more = self.line.recv(length - len(data))
            assert more
            data += more
        return data


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "card.raw"
    made.write_bytes(bytes(SIZE))
    return made


@pytest.fixture
def card(file: Path) -> Iterator[Card]:
    card = Card(file, file.with_suffix(".sock"))
    yield card
    card.close()


def test_what_was_flushed_survives_and_what_was_not_is_old_or_new_sector_by_sector(card: Card, file: Path) -> None:
    fates: set[str] = set()
    for seed in range(12):
        client = Client(card)
        client.ask(WRITE, 4096, data=b"k" * 3000)
        client.ask(FLUSH)
        before = file.read_bytes()
        assert before[4096:7096] == b"k" * 3000
        for offset in (4096, 12288, 20480):
            client.ask(WRITE, offset, data=bytes([seed + 1]) * 4096)
        assert client.ask(READ, 4000, 8192) == before[4000:4096] + bytes([seed + 1]) * 4096 + before[8192:12192]
        assert file.read_bytes() == before
        client.hang_up()
        lost = card.cut(random.Random(seed))
        assert lost.kept + lost.torn + lost.lost == 3
        after = file.read_bytes()
        for at in range(0, SIZE, SECTOR):
            mine = bytes([seed + 1]) * SECTOR
            assert after[at : at + SECTOR] in {before[at : at + SECTOR], mine}
        fates.update(name for name, count in vars(lost).items() if count)
    assert fates == {"kept", "torn", "lost"}


def test_a_flush_that_is_held_is_never_answered_and_what_it_had_to_flush_is_left_to_chance(
    card: Card, file: Path
) -> None:
    client = Client(card)
    card.arm()
    client.ask(FLUSH)  # of nothing
    client.ask(WRITE, 0, data=b"k" * 4096)
    assert not card.struck.is_set()
    client.line.sendall(struct.pack(">IHHQQI", 0x25609513, 0, FLUSH, 7, 0, 0))
    assert card.struck.wait(10)
    assert file.read_bytes() == bytes(SIZE)
    lost = card.cut(random.Random(1))
    assert client.line.recv(16) == b""
    client.hang_up()
    assert lost.kept + lost.torn + lost.lost == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, SIZE - 1), st.binary(min_size=1, max_size=9000)), max_size=12))
def test_it_reads_what_was_written_last_flushed_or_not(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, bytes]]
) -> None:
    file = tmp_path_factory.mktemp("card") / "card.raw"
    file.write_bytes(bytes(SIZE))
    card = Card(file, file.with_suffix(".sock"))
    like = bytearray(SIZE)
    try:
        for number, (offset, whole) in enumerate(writes):
            data = whole[: SIZE - offset]
            card._write(offset, data)
            like[offset : offset + len(data)] = data
            if number == 5:
                card._flush()
        assert card._read(0, SIZE) == like
        assert card._read(700, 9000) == like[700:9700]
    finally:
        card.close()
    assert file.read_bytes() == like
