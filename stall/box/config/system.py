"""The system's own programs, asked about our files: units, temporary folders, users, udev's rules, limits of the kernel.

Each is asked in a way that changes nothing but the scratch folder. Where a version cannot be asked, or there is no program to ask, our
own stricter reading takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from stall.box.config import places, reading
from stall.box.config.files import File
from stall.box.config.scratch import Fault, Scratch, program, said, unchecked

#: `file:line: words` and `unit: words`, as systemd's programs say it.
_LINE = re.compile(r"^(\S+?):(?:(\d+):)? (.+)$", re.MULTILINE)
#: What is ours and comes with the release, which stands there when the units do.
_NOT_YET = re.compile(rf"Command ({places.OPT}|{places.WRAPPER})\S* is not executable")
_SYSCTL = re.compile(r"^(-?)([a-z0-9_./-]+(?:\.[A-Za-z0-9_-]+)*) = (\S.*)$")
#: Who exists on the appliance when our files are read: what Debian brings, and what stall.conf of sysusers.d makes.
_USERS = (("root", 0), ("lp", 7), ("dialout", 20), ("www-data", 33), ("video", 44), ("plugdev", 46), ("stall", 990))


def units(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """`systemd-analyze verify` on all of ours together, beside the system's. A file that adds to a unit is read with it."""
    found = program("systemd-analyze")
    if found is None:
        return unchecked(files, "systemd-analyze is missing")
    folder = scratch.at(places.UNITS)
    asked = [
        str(scratch.at(file.path)).replace("@.", "@1.")
        for file in files
        if PurePosixPath(file.path).parent == PurePosixPath(places.UNITS)
    ]
    command = [found, "verify", "--man=no", "--recursive-errors=no", *asked]
    code, words = said(command, scratch.root, SYSTEMD_UNIT_PATH=f"{folder}:")
    faults = _systemd_said(scratch, files, "\n".join(line for line in words.splitlines() if not _NOT_YET.search(line)))
    if code not in {0, 1} and not faults:
        return unchecked(files, words.strip() or f"systemd-analyze ended with {code}")
    return faults


def temporary(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """`systemd-tmpfiles` makes the folders, in the scratch folder."""
    return _with_users(scratch, files, "systemd-tmpfiles", "--create")


def users(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """`systemd-sysusers --dry-run`, which makes nobody."""
    return _with_users(scratch, files, "systemd-sysusers", "--dry-run")


def _with_users(scratch: Scratch, files: Sequence[File], name: str, how: str) -> list[Fault]:
    found = program(name)
    if found is None:
        return unchecked(files, f"{name} is missing")
    scratch.at("/etc/passwd").write_text("".join(f"{name}:x:{n}:{n}::/:/bin/false\n" for name, n in _USERS), "ascii")
    scratch.at("/etc/group").write_text("".join(f"{name}:x:{n}:\n" for name, n in _USERS), "ascii")
    asked = [str(scratch.at(file.path)) for file in files]
    code, words = said([found, how, f"--root={scratch.root}", *asked], scratch.root)
    if code == 0:
        return []
    return _systemd_said(scratch, files, words) or [
        Fault(files[0].path, 0, words.strip() or f"{name} ended with {code}")
    ]


def _systemd_said(scratch: Scratch, files: Sequence[File], words: str) -> list[Fault]:
    """Complaints about our files; a program of the system may speak of others besides."""
    by_name = {PurePosixPath(file.path).name: file.path for file in files}
    faults = []
    for each in _LINE.finditer(words):
        name = re.sub(r"@[^.]*\.", "@.", PurePosixPath(each[1]).name)
        if (path := by_name.get(name)) and (
            fault := Fault(path, int(each[2] or 0), scratch.back(each[3]))
        ) not in faults:
            faults.append(fault)
    return faults


def udev(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """Our own reading, and `udevadm verify` besides where it can (systemd 254 and later)."""
    faults = _own(reading.rules)(scratch, files)
    found = program("udevadm")
    if found is None or faults:
        return faults
    asked = [str(scratch.at(file.path)) for file in files]
    code, words = said([found, "verify", "--no-style", "--resolve-names=never", *asked], scratch.root)
    return _systemd_said(scratch, files, words) if code and "Unknown command verb" not in words else []


def sysctl(scratch: Scratch, files: Sequence[File]) -> list[Fault]:
    """`sysctl --dry-run`, which knows what this kernel knows. A key behind `-` may be missing: of an interface that is not there yet."""
    found = program("sysctl")
    if found is None:
        return unchecked(files, "sysctl is missing")
    faults = []
    for file in files:
        lines = {}
        for number, line in enumerate(file.content.decode().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            if each := _SYSCTL.fullmatch(line):
                lines[each[2] if "/" in each[2] else each[2].replace(".", "/")] = (number, bool(each[1]))
            else:
                faults.append(Fault(file.path, number, "this sets nothing of the kernel"))
        _, words = said([found, "--dry-run", "-p", str(scratch.at(file.path))], scratch.root)
        if "option" in words:
            return faults + unchecked(files, "this sysctl cannot be asked without setting anything")
        for key in re.findall(r"cannot stat /proc/sys/(\S+):", words):
            number, may_miss = lines.get(key, (0, False))
            faults += [] if may_miss else [Fault(file.path, number, f"this kernel knows no {key.replace('/', '.')}")]
    return faults


def _own(read: Callable[[str], Iterator[reading.Complaint]]) -> Callable[[Scratch, Sequence[File]], list[Fault]]:
    """Judge by our own reading."""

    def judge(_scratch: Scratch, files: Sequence[File]) -> list[Fault]:
        return [Fault(file.path, *complaint) for file in files for complaint in read(file.content.decode())]

    return judge


journald = _own(lambda text: reading.sections(text, reading.JOURNALD))
timesyncd = _own(lambda text: reading.sections(text, reading.TIMESYNCD))
manager = _own(lambda text: reading.sections(text, reading.SYSTEM))
network_manager = _own(lambda text: reading.sections(text, reading.NETWORK_MANAGER))
swap = _own(lambda text: reading.sections(text, reading.SWAP))
modprobe = _own(reading.modules)
