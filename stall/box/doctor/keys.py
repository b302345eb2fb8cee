"""The box's keys: there, readable by the stall and by nobody else, right, bound; and the certificate of the till."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from stall.box.doctor.finding import Finding, State, fault, note, of_error, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.errors import StallError
from stall.store import secrets, tls_files
from stall.wire import tls

#: Without one of these the box does not start.
NEEDED = ("box.key", "claim.key", "link.key")
_AS_OWNER = "Look again as root (sudo stall doctor), or as the user the stall belongs to."


def check_files(patient: Patient) -> Iterator[Finding]:
    """See that each file is there, belongs to the stall's user, and that nobody else may look into the folder."""
    folder = patient.data / "keys"
    try:
        about = folder.stat()
        files = {path.name: path.stat() for path in folder.iterdir() if path.is_file()}
        owner = patient.data.stat().st_uid
    except FileNotFoundError:
        if patient.data.is_dir():
            yield fault(
                "keys.folder", f"{folder} is not there.", "Put your key backup there, or restore the data folder."
            )
        return
    except PermissionError:
        yield unknown("keys.folder", f"This user may not look into {folder}.", _AS_OWNER)
        return
    missing = [name for name in NEEDED if name not in files]
    if missing:
        yield fault(
            "keys.missing",
            f"{' and '.join(missing)} is not in {folder}, so nothing starts.",
            "Put it back from your key backup. A lost claim.key can be replaced; old codes go on working.",
            missing=missing,
        )
    open_ones = sorted(name for name, each in files.items() if stat.S_IMODE(each.st_mode) & 0o077)
    if open_ones or stat.S_IMODE(about.st_mode) & 0o077:
        yield fault(
            "keys.open",
            f"Other users may read {' and '.join(open_ones) or 'the folder of the keys'}.",
            f"chmod -R go= {shlex.quote(str(folder))} (and make new keys if somebody else did)",
            files=open_ones,
        )
    foreign = sorted(name for name, each in files.items() if each.st_uid != owner)
    if foreign:
        yield fault(
            "keys.owner",
            f"{' and '.join(foreign)} belongs to another user than the data folder, so the stall may not read it.",
            f"sudo chown --reference={patient.shown_data} {shlex.quote(str(folder))}/*",
            files=foreign,
        )
    if not (missing or open_ones or foreign):
        yield ok("keys.files", f"{len(files)} files, all for the stall's user alone.")


def check_box_key(patient: Patient) -> Iterator[Finding]:
    """Open the keys as a start of the stall does, and say whether they are bound to this board."""
    folder = patient.data / "keys"
    if not folder.parent.is_dir():
        return
    try:
        own = secrets.load(folder)
    except StallError as error:
        hidden = error.code == "key-unreadable" and isinstance(error.__cause__, PermissionError)
        if hidden:
            yield unknown("keys.box", "This user may not read the keys.", _AS_OWNER, code=error.code)
        elif error.code != "key-open-to-others" and (folder / secrets.BOX_KEY).exists():
            yield of_error("keys.box", error, State.FAULT)
        return
    except PermissionError:
        return
    bound = "bound to this board" if own.bound else "not bound to a board"
    yield ok(
        "keys.box", f"The key of this box opens; it is {bound}.", thumbprint=own.signing.thumbprint, bound=own.bound
    )


def check_certificate(patient: Patient) -> Iterator[Finding]:
    """See until when the till's certificate holds, and whether it names the address phones open."""
    address = urlsplit(patient.settings.till.address).hostname
    make = f"stall keys tls --data {patient.shown_data}"
    try:
        found = tls_files.find(patient.data / "keys")
    except StallError as error:
        if isinstance(error.__cause__, PermissionError):
            return  # the keys' own check says it
        yield of_error("keys.certificate", error, State.WARNING)
        return
    if found is None:
        if address or patient.appliance:
            yield warning("keys.certificate", "The till has no certificate, so no phone or tablet opens it.", make)
        return
    left = tls.days_left(found, patient.clock.wall_ms() // 1000)
    facts = {"ends_s": found.ends_s, "days_left": left, "names": list(found.names)}
    ends = f"{datetime.fromtimestamp(found.ends_s, UTC):%Y-%m-%d}"
    if address and address not in found.names:
        yield warning(
            "keys.certificate",
            f"The till's certificate is for {', '.join(found.names)}, not for {address}.",
            f"{make} --renew, then print the label again: every phone warns once",
            **facts,
        )
    elif left < 0:
        yield fault("keys.certificate", f"The till's certificate ended on {ends}.", f"{make} --renew", **facts)
    elif left < tls_files.RENEW_DAYS:
        yield note(
            "keys.certificate", f"The till's certificate ends in {left} days, on {ends}.", f"{make} --renew", **facts
        )
    else:
        yield ok("keys.certificate", f"The till's certificate holds until {ends}.", **facts)
