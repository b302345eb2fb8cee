"""Writes the board's secret where the service manager finds it, for those it hands it to: `python -m stall.box.board_secret FILE`, as root.

Whoever may read the device of the board's firmware may also write the one-time memory behind it, for good. So only this short program
may, and the stall is given what it read. A board without a secret leaves an empty file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stall import disk
from stall.store import board


def keep(place: Path, secret: bytes | None) -> None:
    """Write the secret in hexadecimal digits, 0600. Raises what `disk.whole_file` raises."""
    with disk.whole_file(place, 0o600) as file:
        file.write(b"" if secret is None else secret.hex().encode("ascii"))


if __name__ == "__main__":
    keep(Path(sys.argv[1]), board.read_secret())
