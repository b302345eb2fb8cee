"""The appliance in a virtual machine: installed by its own installer, with radios, a card terminal on USB, a watchdog, and no power now and then.

Root only. Makes what it needs the first time (a Debian system, a kernel, wheels), in the folder of $STALL_CACHE. Prints a log
of what was tried and seen; the exit code is 1 when anything was not as it must be, or could not be tried.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import click

from tests.appliance import cache
from tests.vm import chapters, power, release, run
from tests.vm import system as systems
from tests.vm.machine import PHONES, TILL, WIRE, Gone, Machine
from tests.vm.promises import Promises
from tests.vm.report import OutOfTime, Report
from tests.vm.run import Run
from tests.vm.store import CannotMake, do
from tests.vm.terminal import Terminal

CUTS, MINUTES = 5, 20.0
NEEDS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "debootstrap": "debootstrap",
    "mkfs.ext4": "e2fsprogs",
    "cpio": "cpio",
}


def main(arguments: list[str]) -> int:
    """Do what was asked; 0 when everything was as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.vm", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--cuts", type=int, default=CUTS, metavar="N", help=f"how often the power goes (default {CUTS})"
    )
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="decides instants and what the card loses")
    parser.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        metavar="M",
        help=f"the longest it may take once it boots (default {MINUTES:g})",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="write the log here too")
    parser.add_argument("--keep", action="store_true", help="keep the disks and the console, wherever it ends")
    chosen = parser.parse_args(arguments)
    missing = [package for program, package in NEEDS.items() if shutil.which(program, path=_path()) is None]
    if os.geteuid() != 0:
        click.echo("Only root may do this: it makes a file system with the owners of a Debian system.", err=True)
        return 1
    if missing:
        click.echo(f"Missing: {' '.join(missing)}. Install with: apt-get install {' '.join(missing)}", err=True)
        return 1
    os.environ["PATH"] = _path()
    seed = int(time.time()) if chosen.seed is None else chosen.seed
    folder = Path(tempfile.mkdtemp(prefix=f"stall-vm-{seed}-"))
    report = None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing is left running
    try:
        click.echo(f"A stall in a virtual machine, seed {seed}. Folder: {folder}", err=True)
        system, shares = _made(folder)
        report = Report(chosen.log, chosen.minutes)
        report.saw(
            f"seed {seed}; {os.cpu_count()} cores, {os.getloadavg()[0]:.1f} busy; kernel and system: Debian {cache.SUITE}"
        )
        _everything(folder, system, shares, report, seed, chosen.cuts)
    except (CannotMake, AssertionError) as error:
        click.echo(f"What this needs cannot be made: {error}", err=True)
        return 1
    finally:
        if report is not None:
            report.close()
        good = report is not None and not report.found
        if good and not chosen.keep:
            shutil.rmtree(folder)
        else:
            click.echo(f"Kept: {folder} (console.log, disks, the terminal's books)", err=True)
    return 0 if good else 1


def _everything(
    folder: Path, system: systems.System, shares: dict[str, Path], report: Report, seed: int, count: int
) -> None:
    """All chapters. What ends them early is a finding, but for the time."""
    machine = Machine(system, folder, shares)
    terminal = Terminal(folder / "terminal", lambda data: machine.say(WIRE, data))
    promises = Promises()
    machine.heard = {
        WIRE: terminal.hear,
        PHONES: lambda data: promises.hear(PHONES, data),
        TILL: lambda data: promises.hear(TILL, data),
    }
    tried = Run(machine, terminal, promises, report, random.Random(seed), seed)
    try:
        terminal.start()
        report.chapter("The machine")
        took = machine.boot()
        facts = tried.said("uname -r; nproc; grep MemTotal /proc/meminfo").split("\n")
        report.saw(f"its agent speaks {took:.0f} s after it was switched on: kernel {', '.join(facts)}")
        if chapters.installed(tried):
            chapters.wifi(tried)
            chapters.reader(tried)
            done = power.cuts(tried, range(min(count, 1)))
            chapters.watchdog(tried)
            done += power.cuts(tried, range(1, count))
            power.last(tried)
            report.must(done == count, f"the power was cut {count} times", f"{done} times, for want of time")
    except OutOfTime as over:
        report.fault(f"The rest was not tried: {over}.")
    except (Gone, TimeoutError) as gone:
        report.fault(f"The machine is lost: {gone}")
    finally:
        machine.close()
        terminal.stop()


def _made(folder: Path) -> tuple[systems.System, dict[str, Path]]:
    """Everything a machine begins with. Raises CannotMake."""
    system = systems.system()
    do("cp", "--reflink=auto", "--sparse=always", system.disk, folder / "root.raw")
    systems.data_disk(folder / "data.raw")
    run.source(folder / "source")
    with cache.wheels() as wheels:
        do("cp", "-a", wheels, folder / "wheels")
    release.build(folder / "root.raw", folder / "source", folder / "wheels", folder / "mount")
    return system, {"project": folder / "source", "wheels": folder / "wheels"}


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
