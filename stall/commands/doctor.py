"""`stall doctor`: look at a box and its machine, say what hurts and what cures it, and gather what a helper needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import say

if TYPE_CHECKING:
    from stall.box.doctor.finding import Finding
    from stall.box.doctor.patient import Patient

#: Columns of the page, at most and at least.
_WIDTH, _FEWEST = 80, 40
#: Where the appliance keeps its box.
USUAL = Path("/var/lib/stall")


@click.command("doctor")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Data folder of the box; {USUAL} where it is there and nothing is said.",
)
@click.option("--all", "everything", is_flag=True, help="Say also what is fine, with its figures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also gather what a helper needs into a .tar.gz, without secrets, card data or anything of buyers.",
)
@click.option("--power-cut-test", "power_cut", is_flag=True, help="Test the disk: write until you pull the plug.")
@click.option("--seen", type=click.IntRange(min=1), metavar="NUMBER", help="After the cut: the last number you saw.")
def doctor(
    *, data: Path | None, everything: bool, as_json: bool, bundle: Path | None, power_cut: bool, seen: int | None
) -> int:
    """Say what is wrong with a stall and what to do, the worst first.

    Nothing is changed or written into the data folder, but a file of its own by --power-cut-test; it works beside a stall that sells,
    and on one that does not start. As root it sees more: sudo stall doctor. Exit code 1 when anything is worse than a note.
    """
    from stall.box.doctor import examination

    where = data or (USUAL if USUAL.is_dir() else None)
    if where is None:
        raise click.UsageError("Missing option '--data'.")
    if power_cut:
        from stall.commands import power_cut as test

        return test.run(where, seen, as_json=as_json)
    with ExitStack() as until_done:
        patient = _patient(where, until_done)
        found = examination.examine(patient)
        if bundle is not None:
            _bundle(patient, found, bundle, quiet=as_json)
        if as_json:
            say.facts(_facts(patient, found))
        else:
            _print(patient, found, everything=everything)
            if bundle is not None:
                say.lines("", f"Wrote {bundle}, for your eyes alone. Look into it before you send it.")
    return 0 if examination.well(found) else 1


def _patient(data: Path, until_done: ExitStack) -> Patient:
    """Open what of the box can be opened, for looking alone."""
    import os

    from stall import settings as settings_file
    from stall.box.doctor import patient
    from stall.clock import SystemClock
    from stall.errors import StallError
    from stall.reader import ports
    from stall.settings import Settings

    conn = trouble = settings_trouble = None
    own = Settings()
    try:
        own = settings_file.load(data)
    except StallError as error:
        settings_trouble = error
    try:
        conn = until_done.enter_context(_database(data))
    except StallError as error:
        trouble = error
    return patient.Patient(
        root=Path("/"), data=data, run=patient.run, uid=os.geteuid(), clock=SystemClock(), conn=conn, trouble=trouble,
        settings=own, settings_trouble=settings_trouble, serial_ports=ports.present, modem_manager=ports.modem_manager_runs,
    )  # fmt: skip


@contextmanager
def _database(data: Path) -> Iterator[sqlite3.Connection]:
    """The database for looking; what keeps it from being read at all is said in our words. Raises StallError."""
    from stall.app import check_holds_a_box
    from stall.store import checkup, damage
    from stall.store.readonly import untouched

    check_holds_a_box(data)
    with untouched(data / "stall.sqlite") as conn:
        try:
            checkup.version(conn)
        except sqlite3.Error as error:
            raise damage.explained(error) from error
        yield conn


def _facts(patient: Patient, found: list[Finding]) -> dict[str, object]:
    from stall.box.doctor import examination, report

    return {"ok": examination.well(found), **report.facts(patient, found)}


def _print(patient: Patient, found: list[Finding], *, everything: bool) -> None:
    import shutil

    from stall.box.doctor import report

    width = max(_FEWEST, min(_WIDTH, shutil.get_terminal_size().columns))
    for line in report.page(patient, found, width, everything=everything):
        say.line(line)


def _bundle(patient: Patient, found: list[Finding], target: Path, *, quiet: bool) -> None:
    """Say what goes in, then write it. Raises Refused `bundle-in-data` and what `disk.whole_file` raises."""
    from stall import disk
    from stall.box.doctor import bundle
    from stall.errors import Refused

    if target.resolve().is_relative_to(patient.data.resolve()):
        raise Refused(
            "bundle-in-data", "Nothing is written into the data folder of a stall. Name a file in another folder."
        )
    members = bundle.gather(patient, found)
    if not quiet:
        say.line(f"{target} gets these files, without secrets, card data or anything of buyers:")
        for member in members:
            say.line(f"  {member.name:<36} {member.why:<14} {len(member.text.encode()):>7} bytes")
        say.line()
    with disk.whole_file(target, 0o600) as file:
        _give_to_caller(file.fileno())
        file.write(bundle.packed(members, patient.clock.wall_ms() // 1000))


def _give_to_caller(descriptor: int) -> None:
    """Let what root made belong to whoever said sudo: it is theirs to send."""
    import os

    uid, gid = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and uid.isdecimal() and gid.isdecimal():
        os.fchown(descriptor, int(uid), int(gid))
