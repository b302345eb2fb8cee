"""A thread of a process of the box that looks at something every two seconds, for as long as the stall is open."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

#: Seconds between two looks. The voltage driver's alarm stands for two; a look at the Wi-Fi is a datagram for each phone.
LOOK_S = 2.0


class Lookout(ABC):
    """Runs beside the others of a process: `start`, `wake` when the database changed (nothing to us), `stop`. Subclasses `look`."""

    name = ""

    def __init__(self) -> None:
        """It looks for the first time when it is started."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:  # noqa: B027 - nothing of it comes from there
        """What is looked at does not come from the database."""

    def well(self) -> bool:
        """Whether its thread goes on."""
        return self._thread.is_alive()

    def stop(self, within_s: float) -> bool:
        """End; True when the thread did within `within_s` seconds."""
        self._stopping.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    @abstractmethod
    def look(self) -> None:
        """Look once, and tell what changed."""

    def over(self) -> None:  # noqa: B027 - most have nothing to leave
        """Leave things as nobody looks at them any more."""

    def _run(self) -> None:
        while True:
            self.look()
            if self._stopping.wait(LOOK_S):
                break
        self.over()
