"""The log of a run: what was tried and seen, with the minutes since it began, in sentences; and what was not as it must be."""

from __future__ import annotations

import time
from pathlib import Path

import click


class OutOfTime(Exception):
    """The run has taken as long as it may."""


class Report:
    """Written line by line, so that a run that is stopped leaves what it saw."""

    def __init__(self, file: Path | None, minutes: float) -> None:
        """The clock starts here; `minutes` is the longest the run may take."""
        self._began = time.monotonic()
        self._minutes = minutes
        self._file = None if file is None else file.open("w", encoding="utf-8")
        self.found: list[str] = []
        self.checks = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def left_s(self) -> float:
        """How long the run may still take."""
        return self._minutes * 60 - self.seconds

    def chapter(self, title: str) -> None:
        """Begin another part. Raises OutOfTime."""
        if self.left_s() <= 0:
            raise OutOfTime(f"{self._minutes:g} minutes are over")
        self._line(f"\n== {title}")

    def saw(self, words: str) -> None:
        """Note what happened."""
        self._line(f"{self._at()}  {words}")

    def must(self, so: bool, words: str, instead: object = "") -> bool:
        """Note something that must be so; what is not is a finding, with what was seen instead. Gives back whether it is."""
        self.checks += 1
        if so:
            self._line(f"{self._at()}  ok  {words}")
        else:
            self.fault(f"not so: {words}" + (f" ({instead})" if instead else ""))
        return so

    def fault(self, words: str) -> None:
        """Note something that is not as it must be."""
        self.found.append(words)
        self._line(f"{self._at()}  !!  {words}")

    def close(self) -> None:
        """Say what it came to."""
        minutes = self.seconds / 60
        self._line(f"\n{self.checks} checks in {minutes:.1f} minutes, {len(self.found)} not as they must be.")
        for words in self.found:
            self._line(f"  !!  {words}")
        if self._file is not None:
            self._file.close()

    def _at(self) -> str:
        minutes, seconds = divmod(int(self.seconds), 60)
        return f"[{minutes:02}:{seconds:02}]"

    def _line(self, words: str) -> None:
        click.echo(words)
        if self._file is not None:
            self._file.write(words + "\n")
            self._file.flush()
