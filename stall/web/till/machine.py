"""The page of the box: its clock, power and disk in words; and switching it off, which root does, asked over a socket of its own.

The web process may not switch anything off. It asks (`stall.box.machine.switch` answers at `power.sock` of the runtime folder); where
nobody listens there, the machine is a laptop and is switched off as any other.
"""

from __future__ import annotations

import socket
from pathlib import Path

from flask import Blueprint, render_template, request

from stall import clock_chip, log, runtime
from stall.clock import BUILD_MS
from stall.errors import Refused, StallError
from stall.store import floor, print_jobs, reconciliation
from stall.store.box import Box
from stall.web.error_pages import status_of
from stall.web.till import banner, machine_words
from stall.web.till.box import this_box
from stall.web.till.signed import session

machine = Blueprint("till_machine", __name__, url_prefix="/box")

#: The socket below the runtime folder, what is asked there, and what stands on its page.
SOCKET = "power.sock"
WAYS = {"off": b"off\n", "restart": b"restart\n"}
_OK = b"ok\n"
_WAIT_S = 10.0
logger = log.get("web")


@machine.get("")
def page() -> str:
    """Show how the machine does."""
    box = this_box()
    moment = floor.moment(box.db.read(), box.clock)
    wall_s = moment.wall_ms // 1000
    said = machine_words.page(
        moment,
        [chip.doubt(wall_s, BUILD_MS // 1000) for chip in clock_chip.read()],
        runtime.told("power"),
        runtime.told("disk"),
        read_only=box.room.read_only(),
    )
    return render_template("till/box.html", said=said, switch=_listens())


@machine.get("/off")
def ask() -> str:
    """Ask whether to switch off, and say what is not finished."""
    return _ask_page()


@machine.post("/off")
def switch() -> str | tuple[str, int]:
    """Switch the machine off, or start it again (`way`); only in the boot the page was made in (`boot`)."""
    box, way = this_box(), "restart" if request.form.get("way") == "restart" else "off"
    try:
        if request.form.get("boot") != box.clock.boot_id():
            raise Refused(
                "switch-stale",
                "The box has been started since this page was opened. Press again if it is to go off now.",
            )
        box.db.truncate_log()
        _ask_for(WAYS[way])
    except StallError as trouble:
        return _ask_page(trouble), status_of(trouble)
    own = session()
    logger.info("machine.switched", way=way, person=None if own is None else own.person.no)
    return render_template("till/going.html", way=way)


def _place() -> Path | None:
    """The socket; None where nobody listens."""
    folder = runtime.folder()
    place = None if folder is None else folder / SOCKET
    return place if place is not None and place.is_socket() else None


def _listens() -> bool:
    return _place() is not None


def _ask_for(words: bytes) -> None:
    """Ask the one who may. Raises Refused `switch-unavailable`."""
    place, answer = _place(), b""
    if place is None:
        raise _unavailable()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(_WAIT_S)
            asking.connect(str(place))
            asking.sendall(words)
            answer = asking.recv(200)
    except OSError as error:
        logger.warning("machine.not_switched", error=type(error).__name__)
    if answer != _OK:
        raise _unavailable()


def _unavailable() -> Refused:
    return Refused(
        "switch-unavailable",
        "The machine could not be asked to switch itself off. Its own button, or pulling the plug, does no harm either:"
        " what was confirmed is kept.",
    )


def _ask_page(trouble: StallError | None = None) -> str:
    box = this_box()
    return render_template(
        "till/off.html", open=_still_open(box), boot=box.clock.boot_id(), switch=_listens(), trouble=trouble
    )


def _still_open(box: Box) -> list[str]:
    """What is not finished, a sentence each, the most important first."""
    conn = box.db.read()
    payments, papers = len(reconciliation.open_payments(conn)), print_jobs.open_count(conn)
    unsent = banner.unsent_sales(conn) if box.settings.cloud is not None else 0
    found = []
    if payments:
        what = "A payment is" if payments == 1 else f"{payments} payments are"
        found.append(f"{what} not finished. Wait for the terminal; else it is asked what became of it after the start.")
    if papers:
        what = "One paper waits" if papers == 1 else f"{papers} papers wait"
        found.append(f"{what} for the printer.")
    if unsent:
        what = "One sale is" if unsent == 1 else f"{unsent} sales are"
        found.append(f"{what} not sent to the cloud yet; they are kept, and go out when the box is online again.")
    return found
