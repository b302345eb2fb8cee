"""The ports of this machine a terminal may be on, without opening any: an open port may reset what hangs on it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEV, PROC = Path("/dev"), Path("/proc")
INDEXED = ("ttyACM*", "ttyUSB*")
MODEM_MANAGER = "ModemManager"
UNNAMED = "another program"
_SYSTEM_TOOLS = "/usr/bin:/bin:/usr/sbin:/sbin"
_UDEV_S = 5.0


@dataclass(frozen=True, slots=True)
class Port:
    """One serial port. `name` is what to write into the settings; `device` what that is now."""

    name: Path
    device: Path
    lasting: bool
    """Its name stays when cables are changed."""
    allowed: bool
    """This user may open it."""
    holders: tuple[str, ...]
    """Who has it open, as far as this user can see."""
    left_alone: bool | None
    """ModemManager is told to keep away from it; None where that cannot be found out."""

    @property
    def link(self) -> str:
        """The port as a link of the settings."""
        return f"serial:{self.name}"


def present(dev: Path | None = None) -> list[Port]:
    """Every port on USB: first those with a name of their own, then those with an index only."""
    dev = dev or DEV
    named = {name.resolve(): name for name in sorted((dev / "serial/by-id").glob("*")) if name.exists()}
    indexed = [device for pattern in INDEXED for device in sorted(dev.glob(pattern)) if device.resolve() not in named]
    return [
        *(_port(name, device, lasting=True) for device, name in named.items()),
        *(_port(device, device.resolve(), lasting=False) for device in indexed),
    ]


def lasting_name(path: Path, dev: Path | None = None) -> Path:
    """The name that stays for a port called by its index; the path itself where there is none."""
    return next((port.name for port in present(dev) if port.lasting and port.device == path.resolve()), path)


def modem_manager_runs(proc: Path | None = None) -> bool:
    """Whether a process of that name lives here."""
    return any(name == MODEM_MANAGER for _, name in _processes(proc or PROC))


def _port(name: Path, device: Path, *, lasting: bool) -> Port:
    return Port(
        name, device, lasting, os.access(device, os.R_OK | os.W_OK), _holders(device, PROC), _left_alone(device)
    )


def _holders(device: Path, proc: Path) -> tuple[str, ...]:
    """Whose descriptors lead to the device; those of other users are hidden, but a lock of theirs is not."""
    found = [f"{name} ({number})" for number, name in _processes(proc) if _has_open(proc / str(number) / "fd", device)]
    return tuple(found) or ((UNNAMED,) if _locked(device, proc) else ())


def _processes(proc: Path) -> Iterator[tuple[int, str]]:
    """Every process but this one, by number and name."""
    for folder in proc.glob("[0-9]*"):
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            try:
                yield int(folder.name), (folder / "comm").read_text(errors="replace").strip()
            except OSError:
                continue  # it ended meanwhile


def _has_open(descriptors: Path, device: Path) -> bool:
    try:
        return any(_leads_to(each) == str(device) and _is(each, device) for each in descriptors.iterdir())
    except OSError:
        return False


def _is(descriptor: Path, device: Path) -> bool:
    """Whether it is that device: a container has paths of its own, and another `/dev/pts/0`."""
    try:
        return descriptor.samefile(device)
    except OSError:
        return True


def _leads_to(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""


def _locked(device: Path, proc: Path) -> bool:
    """Whether somebody holds the advisory lock that pyserial and others take on a port."""
    try:
        about = device.stat()
        locks = (proc / "locks").read_text(errors="replace")
    except OSError:
        return False
    file = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    return any("FLOCK" in line and file in line.split() for line in locks.splitlines())


def _left_alone(device: Path) -> bool | None:
    """What udev tells ModemManager about the port."""
    udevadm = shutil.which("udevadm", path=f"{os.environ.get('PATH', '')}:{_SYSTEM_TOOLS}")
    if udevadm is None:
        return None
    asked = [udevadm, "info", "--query=property", f"--name={device}"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, errors="replace", timeout=_UDEV_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return any(f"{name}=1" in told.stdout.splitlines() for name in ("ID_MM_DEVICE_IGNORE", "ID_MM_PORT_IGNORE"))
