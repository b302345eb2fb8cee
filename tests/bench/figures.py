"""What is demanded of a claim, and how the figures of a run are shown against it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One demand: `most` when the figure may be at most `required`, else it must be at least that."""

    name: str
    words: str
    required: float
    aim: float
    most: bool = False
    digits: int = 2

    def holds(self, got: float) -> bool:
        """Whether a figure meets it."""
        return got <= self.required if self.most else got >= self.required


BARS = (
    Bar("lone", "lone claims / raw syncs, fast disk", 0.35, 0.5),
    Bar("crowd_fast", "claims of 32 clients / raw syncs, fast disk", 1.2, 2),
    Bar("crowd_slow", "claims of 32 clients / raw syncs, 10 ms a sync", 8, 12, digits=1),
    Bar("crowd_p99", "p99 of 32 clients at 10 ms, in syncs", 8, 5, most=True, digits=1),
    Bar("bytes", "KB written per claim, 32 clients", 14, 8, most=True, digits=1),
    Bar("syncs", "syncs per claim, 32 clients", 1 / 8, 1 / 16, most=True, digits=3),
    Bar("till_p99", "p99 of the till while 200 clients press, in syncs", 6, 4, most=True, digits=1),
    Bar("reader_p99", "p99 of the reader while 200 clients press, in syncs", 8, 5, most=True, digits=1),
    Bar("growth", "processor time of a claim, longest journal to shortest", 1.15, 1.0, most=True),
)


def table(got: Mapping[str, float], bars: Sequence[Bar] = BARS) -> str:
    """The bars with what was reached, as text."""
    width = max(len(bar.words) for bar in bars)
    rows = [f"{'':{width}}  {'required':>8}  {'aim':>6}  {'got':>7}"]
    for bar in bars:
        sign = "≤" if bar.most else "≥"
        asked = f"{sign} {bar.required:.{bar.digits}f}"
        figure = got.get(bar.name)
        said = "-" if figure is None else f"{figure:.{bar.digits}f}"
        verdict = "" if figure is None else "ok" if bar.holds(figure) else "MISSED"
        rows.append(f"{bar.words:{width}}  {asked:>8}  {bar.aim:>6.{bar.digits}f}  {said:>7}  {verdict}")
    return "\n".join(rows)


def missed(got: Mapping[str, float], bars: Sequence[Bar] = BARS) -> list[str]:
    """The names of the bars a run measured and did not meet."""
    return [bar.name for bar in bars if bar.name in got and not bar.holds(got[bar.name])]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)
