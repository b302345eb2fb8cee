"""The secret of signed links to files: derived from the box's own key, and written where nginx includes it.

The same after every start, so a download goes on through a reboot.
"""

from __future__ import annotations

from pathlib import Path

from stall import disk
from stall.store.secrets import BoxSecrets
from stall.wire import b64, hkdf

FILE = "nginx-links.conf"
_PURPOSE = "stall-nginx-links-v1"


def derive(own: BoxSecrets) -> str:
    """The secret as text: 43 letters, digits, `-` and `_`."""
    return b64.encode(hkdf.derive(own.link_key, _PURPOSE))


def keep(keys: Path, own: BoxSecrets) -> Path:
    """Write the file that nginx includes (0600) unless it says this already, and say where it lies.

    Raises the errors of `disk.whole_file`.
    """
    path, wanted = keys / FILE, f'set $stall_links "{derive(own)}";\n'.encode()
    try:
        same = path.read_bytes() == wanted and path.stat().st_mode & 0o777 == 0o600  # noqa: PLR2004 - read and write, its owner alone
    except OSError:
        same = False
    if not same:
        with disk.whole_file(path, 0o600) as file:
            disk.give_to_owner_of(keys, file.fileno())
            file.write(wanted)
    return path
