"""The virtual machine: one qemu process with a disk and a card, a console in a file, and lines to what runs inside.

Emulated, not accelerated, so that it runs where a virtual machine may not have one of its own; one processor, because with two
the emulator now and then runs code that the kernel is just changing. `cut` is the power going: the system's disk keeps what
the kernel inside had written, the card of the data folder no more than it must (see `tests.vm.card`).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.vm.card import Card, Lost
from tests.vm.system import System

#: How long one boot may take until the agent speaks (s), on a machine that does other things too.
BOOT_WITHIN_S = 420.0
#: Lines from inside: commands, the terminal's cable, and what buyers and till were told.
AGENT, WIRE, PHONES, TILL = "agent", "wire", "phones", "till"
LINES = (AGENT, WIRE, PHONES, TILL)
MEMORY_MIB = 1024


class Gone(Exception):
    """The machine does not answer, or not in time."""


@dataclass(frozen=True)
class Done:
    """How a command in the machine ended."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it said last."""
        return " / ".join((self.out + self.err).strip().splitlines()[-8:])


class Line:
    """One line into the machine: a socket of qemu's, read in a thread of its own."""

    def __init__(self, address: Path, heard: Callable[[bytes], None]) -> None:
        """Connects, which qemu must be ready for. Raises Gone."""
        self._heard = heard
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        until = time.monotonic() + 30
        while True:
            try:
                self._socket.connect(str(address))
                break
            except OSError as error:
                if time.monotonic() > until:
                    raise Gone(f"qemu does not listen at {address.name}") from error
                time.sleep(0.05)
        self._thread = threading.Thread(target=self._listen, name=address.name, daemon=True)
        self._thread.start()

    def say(self, data: bytes) -> None:
        """Send it all; a machine that is gone hears nothing."""
        with contextlib.suppress(OSError):
            self._socket.sendall(data)

    def close(self) -> None:
        """Read what is still there, and hang up."""
        self._thread.join(10)
        self._socket.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(65536):
                self._heard(data)


class Machine:
    """Boots, obeys, loses its power, boots again from the same disks. One thread drives it."""

    def __init__(self, system: System, folder: Path, shares: Mapping[str, Path]) -> None:
        """`folder` holds its disks (`root.raw`, `data.raw`), sockets and console; `shares` are folders to read from inside."""
        self._system, self._folder, self._shares = system, folder, shares
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: dict[str, Line] = {}
        self._answers: dict[int, Done] = {}
        self._hello, self._hellos = "", 0
        self._news = threading.Condition()
        self._pending = b""
        self._asked = 0
        self.heard: dict[str, Callable[[bytes], None]] = {}
        self.console = folder / "console.log"
        self.boots = 0
        self._card = Card(folder / "data.raw", folder / "data.sock")

    def boot(self) -> float:
        """Switch on and wait until the agent speaks; give how long that took (s). Raises Gone."""
        began = time.monotonic()
        self.boots += 1
        self._hello, self._pending = "", b""
        self._card.start()
        for name in LINES:
            (self._folder / f"{name}.line").unlink(missing_ok=True)
        with self.console.open("ab") as console:
            console.write(f"\n=== boot {self.boots}\n".encode())
            self._process = subprocess.Popen(
                _command(self._system, self._folder, self._shares),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        for name in LINES:
            heard = self._agent_says if name == AGENT else lambda data, name=name: self._told(name, data)
            self._lines[name] = Line(self._folder / f"{name}.line", heard)
        self.wait_for_hello()
        return time.monotonic() - began

    def wait_for_hello(self, within_s: float = BOOT_WITHIN_S, *, not_of: str = "") -> str:
        """Wait until an agent speaks that is not the one of boot `not_of`; give the id of its boot. Raises Gone."""
        with self._news:
            if (
                not self._news.wait_for(lambda: self._hello not in {"", not_of} or not self.running, within_s)
                or not self._hello
            ):
                raise Gone(f"no word from the machine within {within_s:.0f} s; its console is {self.console}")
            return self._hello

    @property
    def running(self) -> bool:
        """Whether there is power."""
        return self._process is not None and self._process.poll() is None

    def run(self, *command: str, within_s: float = 120.0, fed: str = "", env: Mapping[str, str] | None = None) -> Done:
        """Run a command as root inside. Raises Gone."""
        with self._news:
            self._asked += 1
            number = self._asked
        words = {"id": number, "run": list(command), "within_s": within_s, "input": fed, "env": dict(env or {})}
        self._lines[AGENT].say(json.dumps(words).encode() + b"\n")
        with self._news:
            hellos = self._hellos
            self._news.wait_for(
                lambda: number in self._answers or not self.running or self._hellos != hellos, within_s + 30
            )
            if number not in self._answers:
                why = "the agent began anew" if self._hellos != hellos else "nothing came"
                raise Gone(f"no answer to {' '.join(command)[:200]}: {why}; its console is {self.console}")
            return self._answers.pop(number)

    def say(self, name: str, data: bytes) -> None:
        """Send bytes into one of the lines."""
        if name in self._lines:
            self._lines[name].say(data)

    def cut(self, chance: random.Random) -> Lost:
        """The power goes, now. What the card of the data had not flushed is left to chance."""
        self.kill()
        return self._card.cut(chance)

    def in_a_commit(self, within_s: float) -> bool:
        """Wait for the next flush that the card is asked for, which it holds: then is the time to cut. Whether one came."""
        self._card.arm()
        return self._card.struck.wait(within_s)

    def kill(self) -> None:
        """End the process by its id; nothing inside hears of it."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def close(self) -> None:
        """No power, no cards."""
        self.kill()
        self._card.close()

    def _told(self, name: str, data: bytes) -> None:
        if name in self.heard:
            self.heard[name](data)

    def _agent_says(self, data: bytes) -> None:
        *lines, self._pending = (self._pending + data).split(b"\n")
        with self._news:
            for line in lines:
                with contextlib.suppress(ValueError):
                    told = json.loads(line)
                    if "hello" in told:
                        self._hello = told["hello"]
                        self._hellos += 1
                    else:
                        self._answers[told["id"]] = Done(told["code"], told["out"], told["err"])
            self._news.notify_all()


def _command(system: System, folder: Path, shares: Mapping[str, Path]) -> Sequence[str]:
    """The command line of qemu: no network card, no display, a watchdog that pulls the reset line."""
    words = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1", "-m", str(MEMORY_MIB)]
    words += ["-display", "none", "-nodefaults", "-no-user-config", "-nic", "none", "-serial", "stdio"]
    words += ["-rtc", "base=utc", "-device", "i6300esb", "-watchdog-action", "reset", "-device", "virtio-rng-pci"]
    words += ["-kernel", str(system.kernel), "-initrd", str(system.first)]
    words += [
        "-append",
        "console=ttyS0,115200 net.ifnames=0 panic=5 loglevel=5 mitigations=off audit=0 8250.nr_uarts=1 systemd.show_status=auto",
    ]
    drives = {"root": f"{folder}/root.raw", "data": f"nbd:unix:{folder}/data.sock"}
    for name, where in drives.items():
        words += ["-drive", f"if=none,id={name},file={where},format=raw,cache=writeback"]
        words += ["-device", f"virtio-blk-pci,drive={name},serial=stall-{name}"]
    for name, path in shares.items():
        words += ["-virtfs", f"local,path={path},mount_tag={name},security_model=none,readonly=on"]
    words += ["-device", "virtio-serial-pci"]
    for name in LINES:
        words += ["-chardev", f"socket,id={name},path={folder}/{name}.line,server=on,wait=off"]
        words += ["-device", f"virtserialport,chardev={name},name=stall.{name}"]
    return words
