"""In the virtual machine: a creator comes by and fills the box that the installer made, as `tests.faults.stocked` fills one.

`python -m tests.vm.guest.stock DATA`, as the user of the stall, with the program of the appliance. The creator is forgotten.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stall import app
from stall.clock import SystemClock
from stall.creator import delegations, keyring
from stall.flows.accept_document import accept_delegation
from stall.flows.confirm_clock import confirm_clock
from stall.flows.import_pack import import_pack
from stall.flows.switch_drop import open_drop
from tests.faults import stocked
from tests.faults.stocked import Home


@dataclass(frozen=True)
class Appliance(Home):
    """A home whose box is the appliance's own."""

    data: Path = Path("/var/lib/stall")

    @property
    def box(self) -> Path:
        return self.data


def main(data: Path) -> None:
    """Make the creator, sign what the box needs, import the packs, lease numbers, open all drops."""
    home = Appliance(Path(tempfile.mkdtemp(prefix="creator-")), data=data)
    app.new_pin(data, stocked.PIN)
    for folder in ("files", "documents", "terminal", "logs"):
        (home.root / folder).mkdir()
    (home.root / "files" / stocked.FILE_NAME).write_bytes(stocked.FILE_BYTES)
    now_s = SystemClock().wall_ms() // 1000
    creator = keyring.new(home.root / "creator", "Salt & Paper")
    box = app.open_box(data)
    try:
        token = delegations.delegate(creator, box.secrets.signing.did, "box", now_s=now_s)
        with box.db.transaction() as tx:
            confirm_clock(tx, now_s * 1000)
            accept_delegation(tx, token)
        for drop in stocked.PRICES:
            import_pack(box, stocked.pack(home, creator, drop, now_s).path)
        for drop, count in stocked.LEASED.items():
            stocked.lease_more(home, box, drop, count)
        with box.db.transaction() as tx:
            for drop in stocked.PRICES:
                open_drop(tx, drop)
    finally:
        box.close()
    sys.stdout.write(json.dumps({"drops": list(stocked.PRICES)}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
