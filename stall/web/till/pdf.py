"""A Z-report as PDF, drawn by a short-lived process: what draws it never comes into the one that serves people (ADR 31)."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from stall import log
from stall.errors import Retry

#: A slow board needs some seconds.
LONGEST_S = 60
#: One at a time: each takes some 100 MB for a moment.
_one_at_a_time = threading.Lock()


def of_report(folder: Path, no: int) -> bytes:
    """Draw a report of the box in a data folder. Raises Retry `pdf-not-drawn`."""
    command = [sys.executable, "-P", "-m", "stall", "report", "z", str(no), "--pdf", "-", "--data", str(folder)]
    with _one_at_a_time:
        try:
            ended = subprocess.run(command, capture_output=True, timeout=LONGEST_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as trouble:
            raise _failed(str(trouble)) from trouble
    if ended.returncode or not ended.stdout.startswith(b"%PDF"):
        raise _failed(ended.stderr.decode(errors="replace")[-500:])
    return ended.stdout


def _failed(why: str) -> Retry:
    log.get("web").warning("pdf.not_drawn", reason=why)
    return Retry(
        "pdf-not-drawn", "The PDF could not be drawn now. Print the page instead, or try again in a minute.", 60
    )
