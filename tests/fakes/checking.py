"""Runs docs/check/check_journal.py, which imports nothing of ours, over the export of a journal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stall.flows.export_journal import export_journal
from stall.store.box import Box
from tests.house.sources import ROOT

SCRIPT = ROOT / "docs/check/check_journal.py"


def check(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Check an exported journal as a stranger would."""
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(path), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check_box(box: Box, folder: Path, told: str) -> tuple[str, str]:
    """Export a box's journal into `folder` and see that it holds; return the export and what the check said. `told` names the run."""
    path = folder / "journal.jsonl"
    text = "".join(export_journal(box))
    path.write_text(text)
    ran = check(path)
    assert (ran.returncode, ran.stderr) == (0, ""), f"{told}: {ran.stdout[-500:]}"
    return text, ran.stdout
