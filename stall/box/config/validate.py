"""Each rendered file judged by the program that will read it, before it stands where that program would find it.

Everything happens in a scratch copy of the tree. A program that is missing, or may not do its work here, is said as a fault of the
kind `unchecked`: nobody then knows whether the file is right.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from stall.box.config import programs, system
from stall.box.config.files import File
from stall.box.config.scratch import Fault, Scratch

#: Who judges, by what the table of files calls it. A file whose check is empty is judged by nobody: no program reads it alone.
CHECKS: dict[str, Callable[[Scratch, Sequence[File]], list[Fault]]] = {
    "dnsmasq": programs.dnsmasq,
    "hostapd": programs.hostapd,
    "journald": system.journald,
    "modprobe": system.modprobe,
    "network manager": system.network_manager,
    "nft": programs.nft,
    "nginx": programs.nginx,
    "swap": system.swap,
    "sysctl": system.sysctl,
    "systemd": system.manager,
    "sysusers": system.users,
    "timesyncd": system.timesyncd,
    "tmpfiles": system.temporary,
    "udev": system.udev,
    "unit": system.units,
}


def check(files: Sequence[File]) -> list[Fault]:
    """Judge all of them; what is faulty, by file. Empty: each was read by its own program without a complaint."""
    with tempfile.TemporaryDirectory(prefix="stall-check.") as folder:
        scratch = Scratch(Path(folder), files)
        for file in files:
            target = scratch.at(file.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
        faults = [fault for name, judge in CHECKS.items() if (own := scratch.of(name)) for fault in judge(scratch, own)]
    return sorted(faults, key=lambda fault: (fault.path, fault.line))
