"""The laptop's commands import where there is no fcntl, no termios, no pty: macOS and Windows."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCK = """
import importlib, pkgutil, sys
for name in ("fcntl", "termios", "tty", "pty", "resource", "pwd", "grp", "posix_ipc", "syslog", "crypt", "spwd"):
    sys.modules[name] = None  # importing it now raises ImportError
"""
PACKAGES = (
    BLOCK
    + """
for package in ("stall.errors", "stall.domain", "stall.wire", "stall.creator"):
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), package + "."):
        importlib.import_module(found.name)
for heavy in ("flask", "sqlalchemy", "apscheduler", "serial", "sqlite3", "zeroconf"):
    assert heavy not in sys.modules, heavy + " is loaded on the creator's laptop"
"""
)
COMMAND = (
    BLOCK
    + """
from stall.cli import main
sys.argv = ["stall", *sys.argv[1:], "--help"]
main()
"""
)


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_creators_modules_import_without_posix() -> None:
    done = run(PACKAGES)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["keys", "pack", "delegate", "lease", "verify"])
def test_the_creators_commands_load_without_posix(command: str) -> None:
    done = run(COMMAND, command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: stall {command}")
