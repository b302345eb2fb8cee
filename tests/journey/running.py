"""A demo as its own process, started and stopped as a person would, and looked at from outside."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stall.demo.parts import Addresses

STALL = [sys.executable, "-m", "stall"]
PATIENCE_S = 60.0
"""How long to wait for what must come. Nothing here asserts a time: a busy machine is slow, not wrong."""
STOP_S = 10.0


def free_base() -> int:
    """The first of four neighbouring ports nobody uses just now, below those the system gives to clients."""
    while True:
        base = random.randrange(20_000, 32_000, 4)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(base, base + 4):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return base


def own_files(folder: Path) -> Path:
    """A folder with a person's own files: nested, empty, binary, with a name beyond ASCII."""
    (folder / "notes").mkdir(parents=True)
    (folder / "song.bin").write_bytes(bytes(range(256)) * 1200)
    (folder / "notes" / "Grüße.txt").write_text("Thank you for coming by.\n", encoding="utf-8")
    (folder / "empty.txt").touch()
    return folder


class RunningDemo:
    """`stall demo` in a process of its own."""

    def __init__(self, data: Path, *more: str, base: int | None = None) -> None:
        self.data, self.base = data, base or free_base()
        command = [*STALL, "demo", "--data", str(data), "--port-base", str(self.base), *more]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        self.said: list[str] = []
        self._heard = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        local = "http://127.0.0.1"
        self.at = Addresses(*(f"{local}:{self.base + n}" for n in range(4)))

    @property
    def words(self) -> str:
        """Everything it said so far."""
        return "\n".join(self.said)

    @property
    def pin(self) -> str:
        """The till's PIN, as printed."""
        found = re.search(r"PIN (\d{6})", self.words)
        assert found, self.words
        return found[1]

    def wait_for_words(self, words: str) -> None:
        """Wait until it has said this, or ended."""
        with self._heard:
            self._heard.wait_for(lambda: words in self.words or not self._listener.is_alive(), PATIENCE_S)
        assert words in self.words, self.words

    def wait_until_ready(self) -> None:
        """Wait until it has said how to end it, which it says last."""
        self.wait_for_words("Ctrl-C ends the demo.")

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C; give the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(STOP_S)
        self._listener.join(STOP_S)
        return code

    def close(self) -> None:
        """End it, whatever it is doing."""
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.interrupt()
        self.process.kill()
        self.process.wait()
        self._listener.join(STOP_S)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def parts(self) -> dict[str, int]:
        """The processes of this demo's folder, by the part they play, with their process ids."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.process.pid:
                with contextlib.suppress(OSError):
                    arguments = (entry / "cmdline").read_bytes().decode().split("\0")
                    if "stall.demo.leash" in arguments and any(str(self.data) in each for each in arguments):
                        found[arguments[arguments.index("stall.demo.leash") + 1]] = int(entry.name)
        return found

    def kill_part(self, name: str) -> int:
        """Kill one part as a power cut would; give its process id."""
        assert eventually(lambda: name in self.parts()), f"{name} does not run"
        pid = self.parts()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                self.said.append(line.rstrip("\n"))
                self._heard.notify_all()
        with self._heard:
            self._heard.notify_all()


@contextlib.contextmanager
def running(data: Path, *more: str, base: int | None = None) -> Iterator[RunningDemo]:
    """A demo that is ready, ended with the block."""
    demo = RunningDemo(data, *more, base=base)
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        demo.close()


def eventually(so: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Whether it becomes so within the time."""
    until = time.monotonic() + within_s
    while not so():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def run_stall(*arguments: str, timeout_s: float = 2 * PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run([*STALL, *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)
