"""The secrets of this box that can be read: so that they can be looked for and taken out wherever else they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from stall.box.doctor.patient import Patient
from stall.settings import FILE, Settings

#: Larger files in the key folder are no keys (bytes).
_MOST = 64 * 1024
_QUOTED = re.compile(rb"\"([^\"\n]{6,})\"")
_PEM_LINE = re.compile(rb"^[A-Za-z0-9+/=_-]{16,}$", re.MULTILINE)
_SECRET_LINE = re.compile(rb"(?m)^\s*(?:wpa_passphrase|wpa_psk|sae_password)\s*=\s*(.+?)\s*$")


def secrets(patient: Patient) -> Iterator[bytes]:
    """Every secret value: of the settings, of the key folder, of the rendered configuration."""
    yield from of_settings(patient.settings)
    yield from _of_raw_settings(patient)
    yield from _of_keys(patient)
    for path in ("etc/stall/hostapd.conf", "run/stall-ap/hostapd.conf"):
        for found in _SECRET_LINE.finditer(_bytes(patient, path)):
            yield found[1]


def of_settings(own: Settings) -> Iterator[bytes]:
    """What in the settings is nobody's business."""
    if own.wifi.password:
        yield own.wifi.password.encode()
    if own.reader is not None and own.reader.password != "000000":  # noqa: S105 - what every terminal comes with
        yield own.reader.password.encode()
    for address in (own.cloud.url if own.cloud else "", own.till.address, own.captive.https):
        told = urlsplit(address)
        for part in (told.password, told.username, told.query):
            if part:
                yield part.encode()
                yield unquote(part).encode()


def _of_raw_settings(patient: Patient) -> Iterator[bytes]:
    """Where the settings cannot be read as such, every text behind a name of a secret."""
    try:
        data = (patient.data / FILE).read_bytes()[:_MOST]
    except OSError:
        return
    for line in data.splitlines():
        if re.match(rb"\s*[\w.]*pass", line):
            yield from (found[1] for found in _QUOTED.finditer(line))


def _of_keys(patient: Patient) -> Iterator[bytes]:
    """Whole files where they are short, and in texts every value in quotation marks and every line of a PEM."""
    try:
        files = [path for path in (patient.data / "keys").iterdir() if path.is_file()]
    except OSError:
        return
    for path in files:
        if path.suffix == ".crt":  # shown to everybody
            continue
        try:
            data = path.read_bytes()[:_MOST]
        except OSError:
            continue
        if len(data) <= 128:  # noqa: PLR2004 - keys are 32 bytes, codes and slips some more
            yield data
            yield data.strip()
        yield from (found[1] for found in _QUOTED.finditer(data) if len(found[1]) >= 16)  # noqa: PLR2004 - no name is as long
        yield from _PEM_LINE.findall(data)


def _bytes(patient: Patient, path: str) -> bytes:
    try:
        return patient.at(path).read_bytes()[:_MOST]
    except OSError:
        return b""
