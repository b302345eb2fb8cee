"""Who has papers drawn: nobody until the first is wanted, so that a stall at rest pays nothing for it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stall.web.drawing import Drawing


class Draughts:
    """Makes the drawing of a data folder when it is first asked for. Without a folder nothing is ever drawn."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take the data folder."""
        self._folder = folder
        self._lock = threading.Lock()
        self._drawing: Drawing | None = None
        self._stopped = False

    def drawing(self) -> Drawing | None:
        """What draws; None where nothing is drawn, or not any more."""
        with self._lock:
            if self._drawing is None and self._folder is not None and not self._stopped:
                from stall.web.drawing import Drawing  # noqa: PLC0415 - with the first paper

                self._drawing = Drawing(self._folder)
            return self._drawing

    def stop(self) -> None:
        """Draw nothing any more."""
        with self._lock:
            self._stopped, drawing = True, self._drawing
        if drawing is not None:
            drawing.stop()
