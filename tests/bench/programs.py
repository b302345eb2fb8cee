"""Runs a measuring program in a process of its own and reads the JSON it prints."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tests.bench.stand import ROOT

#: Time beyond what it was asked to measure within which a program must end (s).
SPARE_S = 90.0


class Running:
    """A program under way."""

    def __init__(self, name: str, process: subprocess.Popen[str], seconds: float) -> None:
        self._name = name
        self._process = process
        self._seconds = seconds

    def result(self) -> Any:
        """Wait for its end and read what it printed. Raises RuntimeError when it failed."""
        printed, told = self._process.communicate(timeout=self._seconds + SPARE_S)
        if self._process.returncode != 0:
            raise RuntimeError(f"{self._name} failed: {told[-2000:]}")
        return json.loads(printed)


@contextlib.contextmanager
def started(
    module: str, *arguments: object, seconds: float, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start `python -m tests.bench.<module>`; it is ended at the end of the block if it still runs."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Running(module, process, seconds)
        finally:
            process.kill()


def run(module: str, *arguments: object, seconds: float, environment: Mapping[str, str] | None = None) -> Any:
    """Run a program to its end and give what it printed."""
    with started(module, *arguments, seconds=seconds, environment=environment) as program:
        return program.result()
