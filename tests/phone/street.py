"""A street in namespaces: the appliance as it is configured, two phones on its Wi-Fi, and an uplink with a little internet behind it.

The box runs the rendered files as they are, in the places they are for: it has folders, processes and a network of its own. The air is
a bridge that keeps phones apart, as hostapd does; the box's end of it is called wlan0. Root only.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stall import settings as settings_file
from stall.box.config import files, places
from stall.box.config.boards import Board
from stall.settings import Captive, Network, Settings, Web
from tests.house.sources import ROOT
from tests.phone import network
from tests.phone.scene import Hands
from tests.web.front import stocked_today

PATIENCE_S = 20.0
BOX = "192.0.2.1"
#: The uplink's side: the router, the box's address there, a server of a phone's maker, and one of anybody. All of them public, as
#: an answer that leads into a private network is none.
ROUTER, BOX_OUT, VENDOR, ANYBODY = "192.88.10.1", "192.88.10.2", "11.22.33.44", "11.22.33.45"
_GROUP = 990
_OVERLAYS = ("etc", "var/lib", "usr/share")
_READY = "ready"
_CREDENTIALS = "/run/credentials/stall-nginx.service"
#: As its unit has it: no root, one right.
_AS_NGINX = (
    "setpriv", f"--reuid={places.WEB_USER}", f"--regid={_GROUP}", "--clear-groups",
    "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service",
)  # fmt: skip


@dataclass
class Place:
    """A namespace that lives as long as this process holds it; `apart`: with processes of its own, which end with it."""

    own: subprocess.Popen[str]
    apart: bool

    @property
    def pid(self) -> int:
        """Its first process."""
        return _child(self.own.pid) if self.apart else self.own.pid

    @property
    def root(self) -> Path:
        """Its folders, as seen from here."""
        return Path(f"/proc/{self.pid}/root")

    def beside(self) -> list[str]:
        """What stands before a command that runs there."""
        return [
            network.tool("nsenter"),
            "-t",
            str(self.pid),
            "-n",
            "-m",
            *(["-p"] if self.apart else []),
            f"--wd={ROOT}",
        ]

    def run(self, *command: str, check: bool = True) -> str:
        done = subprocess.run(
            [*self.beside(), *command], check=False, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, log: Path, *command: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as file:
            return subprocess.Popen([*self.beside(), *command], stdout=file, stderr=file, stdin=subprocess.DEVNULL)


@dataclass
class Street:
    """Everybody there. `log` is what the box's programs said."""

    box: Place
    phone: Place
    other: Place
    uplink: Place
    hand: Hands
    other_hand: Hands
    far: Hands
    log: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def stall(self, *arguments: str) -> str:
        """A command of the box's root."""
        return self.box.run(sys.executable, "-m", "stall", *arguments)

    def python(self, program: str) -> str:
        """A few lines of Python on the box."""
        return self.box.run(sys.executable, "-c", program)

    def inside(self, place: str) -> Path:
        """A place of the box, seen from here."""
        return places.under(self.box.root, place)

    def settle(self, **changes: object) -> None:
        """Change the settings, render what is made of them, and start anew what the units would."""
        self.end()
        data = self.inside(places.DATA)
        own = msgspec.structs.replace(settings_file.load(data), **changes)
        settings_file.save(data, own)
        for file in files.plan(own, Board()):
            if file.path.startswith(f"{places.ETC}/"):
                target = self.inside(file.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.content)
        self.stall("lan", "up")
        group = (
            "setpriv",
            f"--regid={_GROUP}",
            "--clear-groups",
            "env",
            f"STALL_RUNTIME={places.RUN}",
            f"RUNTIME_DIRECTORY={places.RUN}",
        )
        self._start("web", *group, sys.executable, "-m", "stall", "web", "--data", places.DATA)
        self._start("dns", "dnsmasq", "--keep-in-foreground", "--log-facility=-", f"--conf-file={places.DNSMASQ}")
        self.until(lambda: self.inside(places.BUYERS_SOCKET).exists() and self.inside(places.TILL_SOCKET).exists())
        self._hand_keys()
        self._start("nginx", *_AS_NGINX, "nginx", "-c", places.NGINX_MAIN, "-e", "stderr", "-g", "daemon off;")
        self.until(lambda: self.inside(f"{places.RUN_NGINX}/nginx.pid").exists())

    @contextmanager
    def standing(self, program: str) -> Iterator[None]:
        """Run a few lines of Python on the box meanwhile."""
        running = self.box.start(self.log, sys.executable, "-c", program)
        try:
            yield
        finally:
            self.kill(running)

    def kill(self, running: subprocess.Popen[bytes]) -> None:
        """End at once what was started somewhere."""
        os.kill(_child(running.pid), signal.SIGKILL)
        running.wait(PATIENCE_S)

    def _hand_keys(self) -> None:
        """As the service manager does it: copies of the keys that nginx needs, for nginx alone."""
        self.box.run("mkdir", "-p", _CREDENTIALS)
        for name in ("tls.crt", "tls.key", "nginx-links.conf"):
            self.box.run(
                "install", "-m", "0400", "-o", places.WEB_USER, f"{places.KEYS}/{name}", f"{_CREDENTIALS}/{name}"
            )

    def end(self) -> None:
        """End what runs on the box, each by its number."""
        for running in self.running.values():
            os.kill(_child(running.pid), signal.SIGTERM)
        for running in self.running.values():
            running.wait(PATIENCE_S)
        self.running.clear()

    def until(self, so: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Wait until it is so, while everything on the box runs."""
        ends = time.monotonic() + within_s
        while not so():
            ended = [name for name, running in self.running.items() if running.poll() is not None]
            assert not ended, f"{ended} ended: {self.log.read_text()}"
            assert time.monotonic() < ends, self.log.read_text()
            time.sleep(0.02)

    def _start(self, name: str, *command: str) -> None:
        self.running[name] = self.box.start(self.log, *command)


@contextmanager
def street(folder: Path, **settings: object) -> Iterator[Street]:
    """Make all of it, with a box that stands open on `BOX`; with the block everything ends."""
    with ExitStack() as stack:
        air = stack.enter_context(_place())
        box = stack.enter_context(_place(_folders(folder), apart=True))
        phone, other = (stack.enter_context(_place()) for _ in range(2))
        uplink = stack.enter_context(_place(apart=True))
        _cables(air, box, (phone, other), uplink)
        hand, other_hand, far = (Hands(each.beside(), "tests.phone.stranger") for each in (phone, other, uplink))
        for each in (hand, other_hand, far):
            stack.callback(each.close)
        made = Street(box, phone, other, uplink, hand, other_hand, far, folder / "box.log")
        stack.callback(made.end)
        _fill(folder, made)
        made.settle(**settings)
        yield made


def _fill(folder: Path, made: Street) -> None:
    """Put a stocked box into its place, with a certificate for its till."""
    stocked = stocked_today(folder / "stocked")
    stocked.box.close()
    settings_file.save(folder / "stocked", Settings(
        name="Salt & Paper", network=Network(country="DE"), captive=Captive(portal=True),
        web=Web(socket=places.BUYERS_SOCKET, address=f"http://{BOX}"),
    ))  # fmt: skip
    shutil.copytree(folder / "stocked", made.inside(places.DATA))
    shutil.copytree(ROOT / "static", made.inside(places.STATIC))
    made.box.run("chgrp", "-R", str(_GROUP), places.DATA)
    made.stall("keys", "tls", "--data", places.DATA)


def _folders(folder: Path) -> str:
    """Give the box folders of its own over the machine's; what it writes lies in memory and goes with it."""
    kept = folder / "kept"
    lines = [f"mkdir {kept}", f"mount -t tmpfs tmpfs {kept}"]
    for name in _OVERLAYS:
        own = kept / name.replace("/", "-")
        lines += [f"mkdir -p {own}/upper {own}/work"]
        lines += [f"mount -t overlay overlay -o lowerdir=/{name},upperdir={own}/upper,workdir={own}/work /{name}"]
    lines += ["mount -t tmpfs tmpfs /run"]
    lines += [
        f"install -d -o {places.WEB_USER} {places.RUN_NGINX}",
        f"install -d -m 0750 -g {_GROUP} {places.RUN}",
        f"mkdir {places.SHARE}",
    ]
    lines += [f"echo stall:x:{_GROUP}: >> /etc/group"]
    return "\n".join(lines)


@contextmanager
def _place(begin: str = "", *, apart: bool = False) -> Iterator[Place]:
    """A namespace: its network, its mounts, and `apart` its processes. It ends when this process lets go, however that comes."""
    script = f"set -e\nmount --make-rprivate /\nmount -t sysfs sysfs /sys\n{begin}\n{network.tool('ip')} link set lo up\necho {_READY}\nread _\n"
    own = ["-p", "--fork", "--kill-child", "--mount-proc"] if apart else []
    started = subprocess.Popen(
        [network.tool("unshare"), "-n", "-m", *own, "sh", "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert started.stdout is not None
        assert started.stdout.readline().strip() == _READY
        yield Place(started, apart)
    finally:
        assert started.stdin is not None
        started.stdin.close()
        started.wait(PATIENCE_S)
        if started.stdout is not None:
            started.stdout.close()


def _cables(air: Place, box: Place, phones: tuple[Place, Place], uplink: Place) -> None:
    """The air between box and phones, and a cable from the box to the uplink."""
    ip = network.tool("ip")
    air.run(ip, "link", "add", "air", "type", "bridge")
    for name, place in (("box", box), ("one", phones[0]), ("two", phones[1])):
        air.run(ip, "link", "add", name, "type", "veth", "peer", "name", "wlan0", "netns", str(place.pid))
        air.run(ip, "link", "set", name, "master", "air", "up")
        if place is not box:
            air.run(network.tool("bridge"), "link", "set", "dev", name, "isolated", "on")
    air.run(ip, "link", "set", "air", "up")
    for phone in phones:
        phone.run(ip, "link", "set", "wlan0", "up")
    ends = ("netns", str(box.pid), "type", "veth", "peer", "name", "eth0", "netns", str(uplink.pid))
    air.run(ip, "link", "add", "eth0", *ends)  # from where both are known by their numbers
    for place, addresses in ((box, [BOX_OUT]), (uplink, [ROUTER])):
        for address in addresses:
            place.run(ip, "address", "add", f"{address}/24", "dev", "eth0")
        place.run(ip, "link", "set", "eth0", "up")
    for address in (VENDOR, ANYBODY):
        uplink.run(ip, "address", "add", f"{address}/32", "dev", "lo")
    box.run(ip, "route", "add", "default", "via", ROUTER)


def _child(pid: int) -> int:
    """The one process that `pid` started."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
