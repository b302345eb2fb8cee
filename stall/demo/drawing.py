"""Draw the demo's prints in a process of its own: `python -m stall.demo.drawing FOLDER`.

So the rest of the first run goes on beside it, and Pillow's memory goes when the drawing is done.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from stall.errors import Broken


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[None]:
    """Draw into `folder` while the block runs, and wait for it at the end. Raises Broken `demo-prints-failed`."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "stall.demo.drawing", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        process_group=0,
        text=True,
    )
    try:
        yield
        words = (
            "" if process.stderr is None else process.stderr.read()
        )  # until it ends; our end of its leash stays open
        process.wait()
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode != 0:
        reason = next(iter(reversed(words.strip().splitlines())), "no reason given")
        raise Broken(
            "demo-prints-failed",
            f"The prints could not be drawn ({reason}). Give the demo files of your own with --pack.",
        )


def main() -> None:
    """Draw into the folder of the first argument, ending early when the demo does."""
    from stall.demo import leash, prints

    leash.hold()
    prints.render(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
