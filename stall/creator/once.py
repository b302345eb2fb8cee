"""Does a thing once, whoever asks and however often: a signature is checked a single time for all that rest on it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from stall.errors import StallError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error without where it came from: to keep that would keep alive all that was looked at then."""

    kind: type[StallError]
    code: str
    sentence: str

    @classmethod
    def of(cls, error: StallError) -> Refusal:
        """Keep what an error says."""
        return cls(type(error), error.code, error.sentence)

    def error(self) -> StallError:
        """Make the error anew."""
        return self.kind(self.code, self.sentence)


class Once:
    """What was found out before, good or bad, by the name of the question."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._found: dict[Hashable, Any] = {}  # of each question the answer's own type

    def ask(self, question: Hashable, find_out: Callable[[], T]) -> T:
        """Give the answer, found out if nobody asked before. Raises the StallError it was refused with, each time anew."""
        if question not in self._found:
            try:
                self._found[question] = find_out()
            except StallError as error:
                self._found[question] = Refusal.of(error)
        found: T | Refusal = self._found[question]
        if isinstance(found, Refusal):
            raise found.error() from None
        return found
