"""Every check in order of how much its subject hurts, and one examination with all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator

from stall.box.doctor import (
    boot,
    clock,
    database,
    disk,
    installed,
    journal,
    keys,
    listening,
    memory,
    power,
    printer,
    radio,
    reader,
    settings,
    units,
    upload,
    versions,
)
from stall.box.doctor.finding import WORST_FIRST, Finding, State, of_error, unknown
from stall.box.doctor.patient import Patient
from stall.errors import StallError

Check = Callable[[Patient], Iterable[Finding]]

#: What is looked at, first what costs most when it breaks.
CHECKS: tuple[Check, ...] = (
    database.check_database,
    journal.check_head,
    disk.check_place,
    disk.check_room,
    disk.check_errors,
    disk.check_syncs,
    power.check_supply,
    power.check_heat,
    keys.check_files,
    keys.check_box_key,
    settings.check_file,
    settings.check_portal,
    settings.check_network,
    units.check_units,
    installed.check_files,
    radio.check_interface,
    radio.check_radio,
    radio.check_clients,
    listening.check_services,
    listening.check_others,
    reader.check_reader,
    reader.check_modem_manager,
    clock.check_source,
    clock.check_chip,
    database.check_numbers,
    printer.check_printer,
    keys.check_certificate,
    upload.check_upload,
    memory.check_memory,
    memory.check_swap,
    boot.check_boot,
    boot.check_watchdog,
    versions.check_software,
    versions.check_sqlite,
    versions.check_programs,
)


def examine(patient: Patient, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Make every check and give what they found, the worst first; nothing that a check does ends the examination."""
    found = [each for check in checks for each in _made(check, patient)]
    return sorted(found, key=lambda each: WORST_FIRST.index(each.state))


def well(found: Iterable[Finding]) -> bool:
    """Whether nothing is worse than a note."""
    return not any(each.state in {State.FAULT, State.WARNING} for each in found)


def _made(check: Check, patient: Patient) -> Iterator[Finding]:
    group = check.__module__.rpartition(".")[2]
    try:
        yield from check(patient)
    except StallError as error:
        yield of_error(f"{group}.{_subject(check)}", error, State.UNKNOWN)
    except sqlite3.Error as error:
        yield unknown(
            f"{group}.{_subject(check)}",
            f"The database does not let this be read ({error}).",
            "What is said of the database comes first.",
        )
    except Exception as error:  # noqa: BLE001 - a sick machine answers in ways nobody foresaw, and the other checks are wanted all the more
        yield unknown(
            f"{group}.{_subject(check)}",
            f"This could not be looked at ({type(error).__name__}: {str(error)[:120]}).",
            "Work as root, or as the user the stall belongs to; if it stays, send the bundle of --bundle with a report.",
        )


def _subject(check: Check) -> str:
    return check.__name__.removeprefix("check_")
