"""What the demo's check found: facts for the object it prints, and every check that does not hold."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from stall.errors import StallError


@dataclass
class Findings:
    """Facts by the name they have in the object, and failures in the order they were found."""

    facts: dict[str, object] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)

    def check(self, name: str, *, holds: bool, otherwise: str) -> bool:
        """Note a failure unless it holds; give `holds` back."""
        if not holds:
            self.failures.append({"check": name, "sentence": otherwise})
        return holds

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A part of the check: an error in it is a failure of that name, and the parts after it still run."""
        try:
            yield
        except StallError as error:
            self.failures.append({"check": name, "sentence": error.sentence, "code": error.code})

    def object(self) -> dict[str, object]:
        """Everything as one JSON object; `ok` only if every check held."""
        return {"ok": not self.failures, "failures": self.failures, **self.facts}
