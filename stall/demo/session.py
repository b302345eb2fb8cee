"""One run of the demo: hold the folder, make it the first time, start everything, open the stall, keep it running."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stall.clock import SystemClock
from stall.demo import folder as folders
from stall.demo import nginx, notice, parts, supervisor
from stall.demo.folder import DemoFolder, Stage, State
from stall.demo.parts import Addresses
from stall.demo.ports import LET_GO_S, LOOPBACK, Ports
from stall.demo.supervisor import Supervisor
from stall.errors import Broken, Refused

if TYPE_CHECKING:
    from stall.demo.journey.visitor import Visitor

MS = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """A demo whose processes run and answer."""

    folder: DemoFolder
    state: State
    at: Addresses
    supervisor: Supervisor


@contextlib.contextmanager
def started(
    path: Path, pack: Path | None, ports: Ports, host: str = LOOPBACK, *, with_nginx: bool = False
) -> Iterator[Session]:
    """Bring everything up, and down again when the block ends; with nginx in front of the buyers' pages if wanted.

    What can be refused is refused before a folder is made. Raises Refused `demo-other-pack`, what `folder.hold`,
    `Ports.check`, `nginx.find`, `nginx.check`, `first_run.check_files`, `first_run.make` and `Supervisor.start` raise.
    """
    front = nginx.front(path, host, ports.buyers) if with_nginx else None
    if pack is not None:
        from stall.demo import first_run

        first_run.check_files(pack)
    begun = folders.is_begun(path)
    if not begun:
        ports.check(host)
    with folders.hold(path) as folder:
        if begun:
            ports.check(host, patience_s=LET_GO_S)
        notice.say(f"A stall in {folder.path}")
        state = _made(folder, pack)
        supervisor.stop_if_asked()
        parts.settle(folder, ports, host, front)
        at = parts.addresses(ports, host)
        with supervisor.running(parts.children(folder, ports, front), at, notice.say) as running:
            yield Session(folder, state, at, running)


def run(path: Path, pack: Path | None, ports: Ports, host: str = LOOPBACK, *, with_nginx: bool = False) -> None:
    """Run the demo for a person until Ctrl-C. Raises what `started` raises; KeyboardInterrupt while it is being made."""
    with started(path, pack, ports, host, with_nginx=with_nginx) as session:
        pin = session.folder.pin if _open(session) else None
        closes_s = session.state.closes_s
        lan = host != LOOPBACK
        notice.show(notice.opened(session.at, ports, pin, session.folder.path, lan=lan, closes_s=closes_s))
        if closes_s * MS <= SystemClock().wall_ms():
            notice.say("The drops of this folder are over. Remove the folder to begin anew.")
        with contextlib.suppress(KeyboardInterrupt):
            session.supervisor.watch()
        notice.say("Stopping. The same command goes on from here.")


def _made(folder: DemoFolder, pack: Path | None) -> State:
    """The state of a folder that is ready to run, made now if it was not."""
    state = folder.state()
    if state is None or state.stage is Stage.MAKING:
        from stall.demo import first_run

        return first_run.make(folder, pack, _say_step, notice.bar)
    if pack is not None and str(pack.resolve()) != state.pack:
        raise Refused(
            "demo-other-pack",
            f"{folder.path} already sells other files. Leave --pack out to go on, or choose another folder with --data.",
        )
    return state


def _say_step(words: str) -> None:
    """Begin a step of the making, unless somebody pressed Ctrl-C meanwhile."""
    supervisor.stop_if_asked()
    notice.say(words)


def open_drops_once(session: Session, maker: Visitor) -> None:
    """Open the drops at the till, if that was never done: one the maker closed since stays closed."""
    from stall.demo.opening import open_drops

    if session.state.stage is Stage.MADE:
        open_drops(maker, session.folder.pin, session.state.drops)
        session.folder.remember(msgspec.structs.replace(session.state, stage=Stage.OPENED))


def _open(session: Session) -> bool:
    """The maker's first steps; later only the clock, if this machine's is not to be trusted.

    False when the drops were opened in an earlier run and the maker has another PIN since: nothing then needs them.
    """
    from stall.demo.journey.visitor import Visitor
    from stall.demo.opening import confirm_clock, sign_in

    with Visitor(session.at.till) as maker:
        try:
            sign_in(maker, session.folder.pin)
        except Broken:
            if session.state.stage is not Stage.OPENED:
                raise
            return False
        confirm_clock(maker, session.folder.pin, only_if_unsure=True)
        open_drops_once(session, maker)
        return True
