"""Draw the demo's prints in processes of their own: `python -m stall.demo.art.drawing FOLDER FIRST STEP`.

So the rest of the first run goes on beside it, every core helps, and Pillow's memory goes when the drawing is done.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from stall.errors import Broken

#: More drawing processes than this gain nothing: the rest of the first run takes as long.
MOST_SHARES = 4


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[None]:
    """Draw into `folder` while the block runs, and wait for it at the end. Raises Broken `demo-prints-failed`."""
    shares = min(MOST_SHARES, os.cpu_count() or 1)
    with contextlib.ExitStack() as stack:
        drawing = [stack.enter_context(_share(folder, first, shares)) for first in range(1, shares + 1)]
        yield
        for process in drawing:
            _wait(process)
    from stall.demo.art import prints

    prints.render_cover(folder, sorted(folder.glob("[0-9]*.jpg")))


def cut_wallpaper(whole: Path, out: Path) -> None:
    """Make a wallpaper of one print; loads Pillow only now."""
    from stall.demo.art import prints

    prints.render_wallpaper(whole, out)


def cut_details(wholes: Sequence[Path], folder: Path) -> None:
    """Make the samples of the prints; loads Pillow only now."""
    from stall.demo.art import prints

    prints.render_details(wholes, folder)


@contextlib.contextmanager
def _share(folder: Path, first: int, step: int) -> Iterator[subprocess.Popen[str]]:
    """One process that draws every `step`th print; it is ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "stall.demo.art.drawing", str(folder), str(first), str(step)],
        stdin=subprocess.PIPE,  # its leash
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        process_group=0,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                pipe.close()


def _wait(process: subprocess.Popen[str]) -> None:
    words = "" if process.stderr is None else process.stderr.read()  # until it ends
    if process.wait() != 0:
        reason = next(iter(reversed(words.strip().splitlines())), "no reason given")
        raise Broken(
            "demo-prints-failed",
            f"The prints could not be drawn ({reason}). Give the demo files of your own with --pack.",
        )


def main() -> None:
    """Draw a share into the folder of the first argument, ending early when the demo does."""
    from stall.demo import leash
    from stall.demo.art import prints

    leash.hold()
    folder, first, step = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    prints.render_some(folder, range(first, len(prints.SERIES) + 1, step))


if __name__ == "__main__":
    main()
