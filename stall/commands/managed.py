"""What every process that serves all day does beside its work where a service manager runs it: say that it is ready, and be watched."""

from __future__ import annotations

from collections.abc import Callable

from stall.alive import Alive
from stall.box.sd_notify import Notifier


def under(manager: Notifier, status: str) -> Callable[[Alive], Callable[[], None]]:
    """What a serving layer calls when all of it serves, with what must go on from then; it gives back what to call when it ends."""

    def begun(alive: Alive) -> Callable[[], None]:
        manager.ready(status)
        if manager.watchdog_s is None:
            return lambda: _ends(manager)
        import faulthandler

        from stall.box.selfcheck import SelfCheck

        faulthandler.enable()  # the manager ends a process that hangs by SIGABRT: the log then says where each thread was
        check = SelfCheck(alive, manager, manager.watchdog_s)
        check.start()

        def ended() -> None:
            check.stop()
            _ends(manager)

        return ended

    return begun


def _ends(manager: Notifier) -> None:
    manager.stopping()
