"""Where the box keeps its key and certificate for TLS: two files of mode 0600 in the key folder, which nginx reads as root."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from stall import disk
from stall.errors import Broken, WireError
from stall.settings import Settings
from stall.wire import tls
from stall.wire.tls import Certificate

KEY, CERTIFICATE = "tls.key", "tls.crt"
#: With fewer days left it is time for another one.
RENEW_DAYS = 90


def names_of(settings: Settings) -> list[str]:
    """The names and addresses a box is reached by, as its settings say, and this machine itself."""
    told = [urlsplit(settings.till.address).hostname, urlsplit(settings.web.address).hostname, *settings.till.names]
    return list(dict.fromkeys([*(name for name in told if name), "localhost", "127.0.0.1"]))


def find(keys: Path) -> Certificate | None:
    """The certificate of a key folder, or None. Raises Broken `tls-unreadable`."""
    try:
        return tls.read((keys / CERTIFICATE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, WireError) as error:
        raise Broken(
            "tls-unreadable",
            f"{keys / CERTIFICATE} cannot be read, or is no certificate. Make another one with: stall keys tls --renew",
        ) from error


def make(keys: Path, title: str, names: Sequence[str], now_s: int) -> Certificate:
    """Make key and certificate anew, in place of any before. Raises LocalWireError `tls-names`."""
    secret, certificate = tls.make(title, names, now_s)
    for name, data in ((KEY, secret), (CERTIFICATE, certificate)):
        with disk.whole_file(keys / name, 0o600) as file:
            disk.give_to_owner_of(keys, file.fileno())
            file.write(data)
    return tls.read(certificate)
