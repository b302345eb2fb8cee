"""What the self-check sees of a reader's process: a slow card is no fault, a thread that hangs is one."""

from __future__ import annotations

import threading

import pytest

from stall.box.selfcheck import first_trouble
from stall.reader.worker import Worker
from stall.reader.zvt.link import Link
from stall.store.watch import Watcher
from tests.flows import selling
from tests.reader.scene import Scene

#: Its parts go round at least twice a second here; whoever hangs is waited for no longer.
SOON_S, LONG_S = 1.5, 10.0


class Seen:
    """A scene whose worker can be looked at."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        assert scene.box.settings.reader is not None
        self._stop = threading.Event()
        self.worker = Worker(scene.box, 1, scene.box.settings.reader, self._stop)
        self._thread = threading.Thread(target=self.worker.run)

    def __enter__(self) -> Seen:
        self._thread.start()
        self.scene.until(lambda: self.scene.link() == "ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(LONG_S)
        assert not self._thread.is_alive()


def test_a_card_that_is_not_shown_and_a_terminal_that_is_gone_are_no_faults(scene: Scene) -> None:
    with Seen(scene) as seen:
        alive = seen.worker.alive()
        assert first_trouble(alive, LONG_S) == ""
        scene.controls.choose("approve", wait_for_tap=True)
        attempt = selling.ask(scene.stall, selling.basket(scene.stall))
        scene.until(lambda: scene.attempt(attempt).state == "sent")
        assert seen.worker.paying
        assert first_trouble(alive, LONG_S) == ""
        scene.controls.present()
        scene.ended(attempt)
        scene.pull_out()
        scene.until(lambda: scene.link() == "lost")
        assert first_trouble(alive, LONG_S) == ""


def test_a_line_that_hangs_and_a_worker_that_hangs_are_named(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, hangs = threading.Event(), threading.Event()
    with Seen(scene) as seen:
        alive = seen.worker.alive()
        real = Link._patience

        def stuck(link: Link) -> float:
            hangs.set()
            go_on.wait(LONG_S)
            return real(link)

        monkeypatch.setattr(Link, "_patience", stuck)
        assert hangs.wait(LONG_S)
        assert first_trouble(alive, SOON_S) == "line"
        go_on.set()
        monkeypatch.setattr(Link, "_patience", real)
        assert first_trouble(alive, LONG_S) == ""
        go_on.clear()
        hangs.clear()
        wait = Watcher.wait

        def never(watcher: Watcher, seen: int, timeout_s: float) -> int:
            hangs.set()
            go_on.wait(LONG_S)
            return wait(watcher, seen, timeout_s)

        monkeypatch.setattr(Watcher, "wait", never)
        assert hangs.wait(LONG_S)
        assert first_trouble(alive, SOON_S) == "worker"
        go_on.set()
