"""A file system that is really mounted read-only: every command says so in a sentence, and nothing is lost by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import troubled

pytestmark = [pytest.mark.root, pytest.mark.timeout(180)]

#: Runs inside a mount namespace of its own, where the folder given is a small file system in memory.
INSIDE = """
import subprocess, sys
from pathlib import Path
from tests.faults import troubled, verdict
from tests.faults.promised import Promised

home = Path(sys.argv[1])
template = troubled.make_template(home / "made")
promised = Promised()
assert verdict.sells_again(template, promised) == []

def mounted(how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(home)], check=True)

def stall(*arguments):
    command = [sys.executable, "-m", "stall", *arguments, "--data", str(template)]
    return subprocess.run(command, capture_output=True, text=True, timeout=45, check=False)

mounted("ro")
for command in (["web"], ["sync"], ["reader"], ["sell", "night-zine", "--cash"], ["drop", "close", "night-zine"], ["migrate"]):
    ran = stall(*command)
    assert ran.returncode == 1, (command, ran)
    assert "[folder-unwritable]" in ran.stderr and "Read-only file system" in ran.stderr, (command, ran.stderr)
    assert "Traceback" not in ran.stderr, (command, ran.stderr)
mounted("rw")
assert verdict.judge(template, promised) == []
assert verdict.sells_again(template, promised) == []
"""


def test_every_command_says_so_and_afterwards_all_is_there(tmp_path: Path) -> None:
    home = tmp_path / "disk"
    home.mkdir()
    script = 'mount -t tmpfs -o size=512m none "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(home), sys.executable, INSIDE]
    ran = subprocess.run(command, cwd=troubled.ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert ran.returncode == 0, ran.stderr
