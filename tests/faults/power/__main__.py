"""Build one image of a recording again, and judge it: `python -m tests.faults.power LOG --seed S --cut C --image N`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.power.run import Spot, again


def main() -> int:
    """Print what is wrong with the image and where it lies."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.power", description=__doc__)
    parser.add_argument("log", type=Path, help="log of the recording")
    for name in ("seed", "cut", "image"):
        parser.add_argument(f"--{name}", type=int, required=True)
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stall-power-again-")) / "box"
    left, sentences = again(told.log, told.seed, Spot(told.cut, told.image), folder)
    head = f"{folder if sentences else 'nothing is wrong'} (of what was not safe: {left})"
    sys.stdout.write("\n".join([head, *sentences, ""]))
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
