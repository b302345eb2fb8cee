"""A memory card with a cache of its own: what was not flushed when the power goes may be lost, in any order, torn at sectors.

The virtual machine reaches it by the network block device protocol over a unix socket. A card that keeps its word: after a
flush everything written before is in its file. `cut` is the power going; then the same file is served again.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path

SECTOR, BLOCK = 512, 4096
#: How much may wait unflushed before the oldest is written by itself, as a small cache does (bytes).
CACHE_BYTES = 32 * 2**20
#: How long a flush is held until the power goes (s).
HELD_S = 10.0

_HELLO, _OPTIONS, _ANSWER = b"NBDMAGIC", b"IHAVEOPT", 0x3E889045565A9
_FIXED, _NO_ZEROES = 1, 2
_EXPORT_NAME, _ABORT, _GO = 1, 2, 7
_ACK, _INFO, _UNSUPPORTED = 1, 3, 0x80000001
_HAS_FLAGS, _SEND_FLUSH, _SEND_FUA = 1, 4, 8
_REQUEST, _REPLY = 0x25609513, 0x67446698
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3
_FUA = 1
_EINVAL = 22
_HEAD = struct.Struct(">IHHQQI")


@dataclass
class Lost:
    """What a power cut did to writes that had not been flushed."""

    kept: int = 0
    torn: int = 0
    lost: int = 0


@dataclass
class Cache:
    """Writes in their order, and for reading the newest content of each block that has any."""

    writes: list[tuple[int, bytes]] = field(default_factory=list)
    blocks: dict[int, bytes] = field(default_factory=dict)
    size: int = 0


class Card:
    """One card in one file. The owner starts it, cuts it, starts it again."""

    def __init__(self, file: Path, address: Path) -> None:
        """Opens the file; nobody is served before `start`."""
        self.address = address
        self.flushes = 0
        self._fd = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        self._size = os.fstat(self._fd).st_size
        self._cache = Cache()
        self._armed, self._released = threading.Event(), threading.Event()
        self.struck = threading.Event()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def arm(self) -> None:
        """Hold the next flush that has anything to flush, and set `struck`: the power is to go now."""
        self.struck.clear()
        self._armed.set()

    def start(self) -> None:
        """Take one machine's connection in a thread."""
        self._armed.clear()
        self._released.clear()
        self.address.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.address))
        self._listener.listen(4)
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), name=self.address.name, daemon=True)
        self._thread.start()

    def cut(self, chance: random.Random) -> Lost:
        """The power is gone: of what was not flushed, each write stays, is torn or is lost. Nobody is served any more."""
        self._stop()
        lost = Lost()
        stays = chance.choice((0.0, 0.3, 0.7, 1.0))
        for offset, data in self._cache.writes:
            if chance.random() < stays:
                lost.kept += 1
                os.pwrite(self._fd, data, offset)
            elif chance.random() < 0.5:
                lost.torn += 1
                for at in range(0, len(data), SECTOR):
                    if chance.random() < 0.5:
                        os.pwrite(self._fd, data[at : at + SECTOR], offset + at)
            else:
                lost.lost += 1
        self._cache = Cache()
        return lost

    def close(self) -> None:
        """Write everything and let go of the file."""
        self._stop()
        self._flush()
        os.close(self._fd)

    def _stop(self) -> None:
        self._released.set()
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        if self._thread is not None:
            self._thread.join(30)
            self._thread = None

    def talk(self, line: socket.socket) -> None:
        """Serve one machine until it hangs up."""
        with line, contextlib.suppress(OSError, EOFError), line.makefile("rb") as heard:
            if self._greet(line, heard):
                self._obey(line, heard)

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.talk(listener.accept()[0])

    def _greet(self, line: socket.socket, heard: io.BufferedReader) -> bool:
        """Agree on what is spoken; whether requests follow."""
        line.sendall(_HELLO + _OPTIONS + struct.pack(">H", _FIXED | _NO_ZEROES))
        _whole(heard, 4)
        export = struct.pack(">QH", self._size, _HAS_FLAGS | _SEND_FLUSH | _SEND_FUA)
        while True:
            _, option, length = struct.unpack(">8sII", _whole(heard, 16))
            _whole(heard, length)
            if option == _EXPORT_NAME:
                line.sendall(export)
                return True
            if option == _GO:
                line.sendall(_option(option, _INFO, struct.pack(">H", 0) + export) + _option(option, _ACK, b""))
                return True
            line.sendall(_option(option, _ACK if option == _ABORT else _UNSUPPORTED, b""))
            if option == _ABORT:
                return False

    def _obey(self, line: socket.socket, heard: io.BufferedReader) -> None:
        while True:
            magic, flags, kind, handle, offset, length = _HEAD.unpack(_whole(heard, _HEAD.size))
            if magic != _REQUEST or kind == _DISCONNECT:
                return
            answer, error = b"", 0
            if kind == _READ:
                answer = self._read(offset, length)
            elif kind == _WRITE:
                self._write(offset, _whole(heard, length))
                if flags & _FUA:
                    self._flush()
            elif kind == _FLUSH:
                if self._armed.is_set() and self._cache.writes:
                    self.struck.set()
                    self._released.wait(HELD_S)
                    return  # never answered
                self._flush()
            else:
                error = _EINVAL
            line.sendall(struct.pack(">IIQ", _REPLY, error, handle) + answer)

    def _read(self, offset: int, length: int) -> bytes:
        blocks = self._cache.blocks
        first, last = offset // BLOCK, (offset + length - 1) // BLOCK
        if not any(number in blocks for number in range(first, last + 1)):
            return os.pread(self._fd, length, offset)
        whole = bytearray(os.pread(self._fd, (last - first + 1) * BLOCK, first * BLOCK))
        for number in range(first, last + 1):
            if number in blocks:
                at = (number - first) * BLOCK
                whole[at : at + BLOCK] = blocks[number]
        skip = offset - first * BLOCK
        return bytes(whole[skip : skip + length])

    def _write(self, offset: int, data: bytes) -> None:
        cache = self._cache
        first, last = offset // BLOCK, (offset + len(data) - 1) // BLOCK
        start = first * BLOCK
        whole = data
        if offset != start or (offset + len(data)) % BLOCK:
            around = bytearray(self._read(start, (last - first + 1) * BLOCK))
            around[offset - start : offset - start + len(data)] = data
            whole = bytes(around)
        for number in range(first, last + 1):
            at = (number - first) * BLOCK
            cache.blocks[number] = whole[at : at + BLOCK]
        cache.writes.append((offset, data))
        cache.size += len(data)
        if cache.size > CACHE_BYTES:
            self._flush()

    def _flush(self) -> None:
        for offset, data in self._cache.writes:
            os.pwrite(self._fd, data, offset)
        self._cache = Cache()
        self.flushes += 1


def _whole(heard: io.BufferedReader, length: int) -> bytes:
    """Read so many bytes. Raises EOFError."""
    data = heard.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _option(option: int, kind: int, data: bytes) -> bytes:
    return struct.pack(">QIII", _ANSWER, option, kind, len(data)) + data
