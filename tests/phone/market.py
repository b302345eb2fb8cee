"""The box at a market: `python -m tests.phone.market FOLDER FILES` makes a stall of the files and runs it, until it is ended.

All of it is the demo's own: web, card reader with a simulated terminal, sync, cloud, and nginx with the shipped configuration, on
the address the appliance has. Only the portal is switched on beside it, which the demo never needs.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import msgspec

from stall import settings
from stall.demo import first_run, folder, notice, session
from stall.demo.ports import Ports
from stall.demo.supervisor import interruptible
from stall.settings import Captive
from tests.phone.network import BOX

PORTS = Ports(80, 8001, 8002, 8003)


def main(path: Path, files: Path) -> None:
    """Make the stall and run it; says "Ctrl-C ends the demo." once it is open."""
    with folder.hold(path) as made:
        first_run.make(made, files, notice.say, notice.bar)
        kept = settings.load(made.box)
        changed = msgspec.structs.replace(kept, captive=Captive(portal=True), timezone="Europe/Berlin")
        settings.save(made.box, changed)
    threading.Thread(target=_hold_on, name="leash", daemon=True).start()
    with interruptible():
        session.run(path, None, PORTS, BOX, with_nginx=True)


def _hold_on() -> None:
    """Whoever started this holds the other end of its standard input: once they are gone, however they went, it ends too."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
