"""A folder that is a machine: its users, its firmware's files, and a service manager that remembers what it was told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stall.box.install import applying, health, manifest
from stall.box.install.machine import Machine
from stall.settings import Network, Settings, Web, Wifi

PASSWD = "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\nstall:x:990:990::/var/lib/stall:/bin/false\n"
GROUP = "root:x:0:\nwww-data:x:33:\ndialout:x:20:\nstall:x:990:\n"
CONFIG = b"# as it came\ndtparam=audio=on\n"
SETTINGS = Settings(
    name="Night Fair",
    web=Web(socket="/run/stall/buyers.sock", address="http://192.0.2.1"),
    wifi=Wifi("Night Fair", "lamp-river-oat-moss"),
    network=Network(country="DE"),
)
#: Keeps in a folder which units are on and up; a unit of which `broken` names the release does not come up.
SYSTEMCTL = r"""#!/bin/sh
cd "$STATE" || exit 9
printf 'systemctl %s\n' "$*" >>log
case $1 in --root=*) shift ;; esac
what=$1
shift
case $what in
    is-enabled) [ -e "on/$1" ] && echo enabled || { echo disabled; exit 1; } ;;
    enable) for unit; do case $unit in --now) now=1 ;; *) : >"on/$unit"; [ -z "${now:-}" ] || : >"up/$unit" ;; esac; done ;;
    disable) for unit; do case $unit in --now) now=1 ;; *) rm -f "on/$unit"; [ -z "${now:-}" ] || rm -f "up/$unit" ;; esac; done ;;
    restart) case "$*" in *stall.target*) : ;; *) exit 0 ;; esac
        rm -f up/stall*; : >up/stall.target; for unit in on/stall*; do [ -e "$unit" ] && : >"up/${unit#on/}"; done
        current=$(readlink "$ROOT/opt/stall/current"); [ ! -e "broken/${current##*/}" ] || rm -f up/stall-web.service ;;
    stop) rm -f up/stall* ;;
    show) for unit; do
            case $unit in -*) continue ;; esac
            state=disabled active=inactive
            [ ! -e "on/$unit" ] || state=enabled
            if [ -e "up/$unit" ]; then active=active; elif [ -e up/stall.target ]; then active=failed; fi
            printf 'Id=%s\nUnitFileState=%s\nActiveState=%s\nNRestarts=0\nJob=0\n\n' "$unit" "$state" "$active"
        done ;;
esac
"""
JOURNALCTL = '#!/bin/sh\necho "first words"; echo "no such table: sales"\n'
GPASSWD = r"""#!/bin/sh
while [ $# -gt 2 ]; do [ "$1" = -a ] && user=$2; shift; done
sed -i "s/^\($2:.*:\)$/\1$user/; t; s/^\($2:.*:..*\)$/\1,$user/" "$ROOT/etc/group"
"""


@dataclass
class FakeBox:
    """The data folder's side: says what it is told to, and what was asked of it."""

    settings: Settings = SETTINGS
    because: str = ""
    since: bool = False
    asked: list[str] = field(default_factory=list)

    def prepare(self) -> Settings:
        self.asked.append("prepare")
        return self.settings

    def busy(self) -> str:
        return self.because

    def migrate(self) -> None:
        self.asked.append("migrate")

    def happened_since(self) -> bool:
        return self.since

    def put_back(self) -> None:
        self.asked.append("put back")

    def settled(self) -> None:
        self.asked.append("settled")


class Appliance:
    """A machine in a folder, live as far as its service manager goes."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.state = folder / "state"
        self.machine = Machine(self.root, live=True)
        self.box = FakeBox()
        self.said: list[str] = []
        for name in ("on", "up", "broken"):
            (self.state / name).mkdir(parents=True)
        self.write("/etc/passwd", PASSWD.encode())
        self.write("/etc/group", GROUP.encode())
        self.write("/proc/device-tree/model", b"Raspberry Pi 4 Model B Rev 1.4\0")
        self.write("/boot/firmware/config.txt", CONFIG)
        self.write("/usr/lib/systemd/system/nginx.service", b"[Service]\n")
        for path in ("/etc/systemd/system", "/usr/local/bin", "/usr/share", "/opt", "/var/lib", "/etc/sysctl.d"):
            self.machine.at(path).mkdir(parents=True, exist_ok=True)
        self.release("1-aaaaaaaaaaaa")

    def write(self, path: str, content: bytes) -> None:
        self.machine.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.machine.at(path).write_bytes(content)

    def release(self, name: str, schema: int = 10) -> str:
        self.write(f"/opt/stall/releases/{name}/stall/store/schema.py", f"VERSION = {schema}\n".encode())
        return name

    def apply(self, release: str = "1-aaaaaaaaaaaa", *, now: bool = False) -> applying.Done:
        return applying.apply(self.machine, release, self.box, self.said.append, now=now)

    def told(self) -> list[str]:
        """What the service manager was told since the last look, questions apart."""
        log = self.state / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        asked = ("is-enabled", "show", "is-active")
        return [line.removeprefix("systemctl ") for line in lines if line.split()[1] not in asked]

    def up(self) -> set[str]:
        return {path.name for path in (self.state / "up").iterdir()}

    def on(self) -> set[str]:
        return {path.name for path in (self.state / "on").iterdir()}

    def installed(self) -> manifest.Manifest:
        return manifest.read(self.machine)


def tree(root: Path, *, without: tuple[str, ...] = ()) -> dict[str, tuple[str, object]]:
    """Everything below a root: files with their rights and bytes, links with where they lead, folders."""
    found: dict[str, tuple[str, object]] = {}
    for path in sorted(root.rglob("*")):
        name = f"/{path.relative_to(root).as_posix()}"
        if name.startswith(without or ("\0",)):
            continue
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder", "")
        else:
            found[name] = ("file", (path.stat().st_mode & 0o7777, path.read_bytes()))
    return found


def on_path(monkeypatch: pytest.MonkeyPatch, appliance: Appliance, folder: Path) -> None:
    """Put the stand-ins where programs are looked for first."""
    folder.mkdir()
    scripts: Mapping[str, str] = {
        "systemctl": SYSTEMCTL, "journalctl": JOURNALCTL, "gpasswd": GPASSWD, "systemd-tmpfiles": "#!/bin/sh\n", "udevadm": "#!/bin/sh\n",
    }  # fmt: skip
    for name, script in scripts.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("STATE", str(appliance.state))
    monkeypatch.setenv("ROOT", str(appliance.root))
    monkeypatch.setattr(health, "answers", lambda _place, _address: "stall-web.service" in appliance.up())
    monkeypatch.setattr(health, "PAUSE_S", 0)
    monkeypatch.setattr("stall.box.config.validate.check", lambda _files: [])  # tests/firmware asks the real programs
