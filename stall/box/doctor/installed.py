"""The files the installer laid down, against what it wrote down of them in /etc/stall/manifest.json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stall.box.config import places
from stall.box.doctor.finding import Finding, fault, of_error, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.box.install import manifest
from stall.errors import StallError

_APPLY = "sudo stall appliance apply"


def check_files(patient: Patient) -> Iterator[Finding]:
    """Compare each path with what was installed: gone, changed by hand, open to others, or not to be read by this user.

    Of files that are another's only the part that is ours counts, which the installer itself compares.
    """
    if not patient.appliance:
        return
    try:
        entries = [each for each in patient.installed.entries if not each.edited]
    except StallError as error:
        yield of_error("installed.files", error)
        return
    gone, changed, hidden = [], [], []
    for each in entries:
        try:
            stands = manifest.look(patient.at(each.path.lstrip("/")))
        except (OSError, StallError):
            hidden.append(each.path)
            continue
        if stands.kind == "nothing":
            gone.append(each.path)
        elif stands.sha256 != each.sha256 or (stands.kind == "file" and stands.mode != each.mode):
            changed.append(each.path)
    if gone:
        yield fault(
            "installed.gone", f"Gone since the installation: {_some(gone)}.", f"Put it back: {_APPLY}", files=gone
        )
    if changed:
        yield warning(
            "installed.changed",
            f"Not as it was installed: {_some(changed)}.",
            f"Write what you want otherwise into {places.SETTINGS}, then: {_APPLY} (it keeps yours beside, as .stall-kept)",
            files=changed,
        )
    if hidden:
        yield unknown(
            "installed.hidden", f"This user may not read {_some(hidden)}.", "Look again as root: sudo stall doctor"
        )
    if not (gone or changed or hidden):
        yield ok("installed.files", f"All {len(entries)} files are as they were installed.", count=len(entries))


def _some(paths: Sequence[str], most: int = 3) -> str:
    """The first of a list, and how many more there are."""
    rest = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + rest
