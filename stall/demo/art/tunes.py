"""Three short pieces for plucked strings, for the demo's shelf of songs: the same from the same seed, nothing shipped."""

from __future__ import annotations

import math
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

#: Samples a second, and how long a string rings (s).
RATE, RINGS_S = 11_025, 1.2
#: Overtones of a string: how many times its pitch, how loud, and how fast each dies away (1/s).
_OVERTONES = ((1, 1.0, 2.2), (2, 0.45, 3.4), (3, 0.22, 5.0))
_LOUDEST = 30_000


class Tune(NamedTuple):
    """One piece: the name it is filed under, its lowest note (Hz), its scale in semitones, and the beat (s)."""

    name: str
    lowest: float
    scale: tuple[int, ...]
    beat_s: float


SERIES = (
    Tune("ebb", 146.83, (0, 2, 5, 7, 9, 12, 14), 0.42),
    Tune("slack-water", 130.81, (0, 3, 5, 7, 10, 12, 15), 0.56),
    Tune("flood", 164.81, (0, 2, 4, 7, 9, 12, 16), 0.34),
)


def render(folder: Path, seed: int = 1, beats: int = 26) -> list[Path]:
    """Write the pieces as WAV into `folder`, and the beginning of the first as `listen.wav`; give all paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for n, tune in enumerate(SERIES, 1):
        played = play(tune, seed, beats)
        paths.append(_write(folder / f"{n:02d}-{tune.name}.wav", played))
        if n == 1:
            paths.append(_write(folder / "listen.wav", _faded(played[: RATE * 5])))
    return paths


def play(tune: Tune, seed: int, beats: int) -> list[float]:
    """The samples of a piece: a walk along its scale, with a low string at every fourth beat."""
    rng = Random(f"{seed} {tune.name}")  # noqa: S311 - chance for music, not for secrets
    step = int(tune.beat_s * RATE)
    mixed = [0.0] * (step * beats + int(RINGS_S * RATE))
    strings = [_string(tune.lowest * 2 ** (semitones / 12)) for semitones in tune.scale]
    place = len(strings) // 2
    for beat in range(beats):
        place = min(len(strings) - 1, max(1, place + rng.choice((-2, -1, -1, 1, 1, 2))))
        struck = [strings[place]] + ([strings[0]] if beat % 4 == 0 else [])
        for string in struck:
            at = beat * step
            mixed[at : at + len(string)] = [a + b for a, b in zip(mixed[at : at + len(string)], string, strict=True)]
    return mixed


def _string(hertz: float) -> list[float]:
    """One string struck once."""
    waves = [
        (math.tau * hertz * times / RATE, loud / (1 + 0.002 * hertz), fades / RATE) for times, loud, fades in _OVERTONES
    ]
    return [
        sum(loud * math.exp(-fades * n) * math.sin(turn * n) for turn, loud, fades in waves)
        for n in range(int(RINGS_S * RATE))
    ]


def _faded(samples: Sequence[float]) -> list[float]:
    """The same, growing silent over its last second."""
    left = len(samples)
    return [sample * min(1.0, (left - n) / RATE) for n, sample in enumerate(samples)]


def _write(path: Path, samples: Sequence[float]) -> Path:
    loudest = max(map(abs, samples)) or 1.0
    data = array("h", (int(_LOUDEST * sample / loudest) for sample in samples))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(data.tobytes())  # little-endian, as every machine this runs on
    return path
