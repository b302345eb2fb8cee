"""The stall's services: which run, which failed, which are started again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stall.box.doctor.finding import Finding, fault, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.errors import StallError

TARGET = "stall.target"
#: What runs where the installer did not write down what it switched on.
USUAL = ("stall-web.service", "stall-sync.service", "stall-nginx.service", "stall-lan.service", "stall-dns.service")
READER = "stall-reader@1.service"
PROPERTIES = (
    "Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts", "ExecMainStatus", "WatchdogUSec",
    "ActiveEnterTimestamp", "UnitFileState", "Type", "RemainAfterExit", "ConditionResult", "ConditionTimestamp",
)  # fmt: skip
#: Started again more often than this since the machine started is no accident.
OFTEN = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """How one unit stands, in systemd's words."""

    name: str
    told: dict[str, str]

    @property
    def here(self) -> bool:
        """Whether it is installed."""
        return self.told.get("LoadState", "not-found") == "loaded"

    @property
    def active(self) -> str:
        """Its state in one word."""
        return self.told.get("ActiveState", "unknown")

    @property
    def done(self) -> bool:
        """Whether it is not to run now: it has done its part and ended well, or there is nothing for it to do here."""
        told = (
            self.told.get(key, "")
            for key in ("Type", "RemainAfterExit", "Result", "ConditionResult", "ConditionTimestamp")
        )
        kind, remains, result, condition, asked_at = told
        # A condition that nobody asked yet says no, too.
        return (kind, remains, result) == ("oneshot", "no", "success") or (condition == "no" and asked_at != "")

    @property
    def restarts(self) -> int:
        """How often it was started anew by itself."""
        count = self.told.get("NRestarts", "")
        return int(count) if count.isdecimal() else 0


def names(patient: Patient) -> list[str]:
    """The units that should run: those the installer switched on, and the reader's where one is set up."""
    try:
        listed = patient.installed.units
    except StallError:
        listed = ()
    wanted = [TARGET, *(listed or USUAL)]
    if patient.settings.reader is not None:
        wanted.append(READER)
    return list(dict.fromkeys(wanted))


def asked(patient: Patient) -> list[Unit] | None:
    """How they stand; None where systemd does not answer."""
    said = patient.run(("systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", "--", *names(patient)))
    if said is None or said.code != 0:
        return None
    blocks = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in said.out.split("\n\n"))
    return [Unit(told.get("Id", "?"), told) for told in blocks if told]


def check_units(patient: Patient) -> Iterator[Finding]:
    """Name the units that do not run as they should."""
    if not patient.systemd:
        return
    found = asked(patient)
    if found is None:
        yield unknown("units.state", "systemd does not answer.", "Ask it: systemctl status stall.target")
        return
    here = [unit for unit in found if unit.here]
    if not here:
        if patient.appliance:
            yield fault("units.gone", "None of the stall's services is installed.", "sudo stall appliance apply")
        return
    failed = [unit for unit in here if unit.active == "failed"]
    stopped = [unit for unit in here if unit.active in {"inactive", "deactivating"} and not unit.done]
    restless = [unit for unit in here if unit.restarts > OFTEN and unit.active != "failed"]
    facts = {unit.name: {"state": unit.active, "restarts": unit.restarts} for unit in here}
    for unit in failed:
        yield fault(
            "units.failed",
            f"{unit.name} failed ({unit.told.get('Result', 'unknown')}) and does not start again.",
            f"Look why: sudo journalctl -u {unit.name} -n 30 ; then: sudo systemctl restart {unit.name}",
            unit=unit.name,
            **{key: unit.told.get(key, "") for key in ("Result", "ExecMainStatus", "NRestarts")},
        )
    if any(unit.name == TARGET for unit in stopped) and not failed:
        yield warning("units.stopped", "The stall is stopped.", f"sudo systemctl start {TARGET}", units=facts)
    elif stopped:
        which = ", ".join(unit.name for unit in stopped)
        yield fault(
            "units.stopped", f"Does not run: {which}.", f"sudo systemctl start {which.replace(',', '')}", units=facts
        )
    for unit in restless:
        yield warning(
            "units.restless",
            f"{unit.name} was started again {unit.restarts} times.",
            f"Look why: sudo journalctl -u {unit.name} -n 50",
            unit=unit.name,
            restarts=unit.restarts,
        )
    if not (failed or stopped or restless):
        yield ok("units.state", f"All {len(here)} services of the stall run.", units=facts)
