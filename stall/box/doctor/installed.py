"""The files the installer laid down, against what it wrote down of them in /etc/stall/manifest.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from stall.box.doctor.finding import Finding, fault, ok, unknown, warning
from stall.box.doctor.patient import Patient

MANIFEST = "etc/stall/manifest.json"
_APPLY = "sudo stall appliance apply"


def check_files(patient: Patient) -> Iterator[Finding]:
    """Compare each file with what was installed: changed by hand, gone, or not to be read by this user."""
    if not patient.appliance:
        return
    try:
        files = list(_listed(json.loads(patient.text(MANIFEST))))
    except (ValueError, TypeError, KeyError, AttributeError):
        yield fault("installed.files", f"/{MANIFEST} is not what the installer writes.", f"Install again: {_APPLY}")
        return
    changed, gone, hidden = [], [], []
    for path, digest in files:
        try:
            data = patient.at(path.lstrip("/")).read_bytes()
        except FileNotFoundError:
            gone.append(path)
        except OSError:
            hidden.append(path)
        else:
            if digest and hashlib.sha256(data).hexdigest() != digest:
                changed.append(path)
    if gone:
        yield fault(
            "installed.gone", f"Gone since the installation: {_some(gone)}.", f"Put it back: {_APPLY}", files=gone
        )
    if changed:
        yield warning(
            "installed.changed",
            f"Changed by hand since the installation: {_some(changed)}.",
            f"See what is set and put it back: {_APPLY} (what you want otherwise belongs into settings.toml)",
            files=changed,
        )
    if hidden:
        yield unknown(
            "installed.hidden", f"This user may not read {_some(hidden)}.", "Look again as root: sudo stall doctor"
        )
    if not (gone or changed or hidden):
        yield ok("installed.files", f"All {len(files)} files are as they were installed.", count=len(files))


def _listed(manifest: Any) -> Iterator[tuple[str, str]]:
    """Path and SHA-256 of every file of a manifest."""
    files = manifest["files"] if isinstance(manifest, dict) else manifest
    entries = files.items() if isinstance(files, dict) else ((each["path"], each) for each in files)
    for path, told in entries:
        digest = told if isinstance(told, str) else told.get("sha256") or told.get("hash") or ""
        yield str(path), str(digest).removeprefix("sha256-").removeprefix("sha256:")


def _some(paths: list[str], most: int = 3) -> str:
    """The first of a list, and how many more there are."""
    rest = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + rest
