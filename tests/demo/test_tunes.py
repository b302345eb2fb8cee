"""The songs of the demo: three pieces that sound, each its own, the same every time."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

from stall.demo.art import tunes


def samples(path: Path) -> array[int]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, tunes.RATE)
        return array("h", file.readframes(file.getnframes()))


def test_there_are_three_pieces_and_a_beginning_and_all_of_them_sound(tmp_path: Path) -> None:
    paths = tunes.render(tmp_path, beats=6)
    assert [path.name for path in paths] == ["01-ebb.wav", "listen.wav", "02-slack-water.wav", "03-flood.wav"]
    heard = [samples(path) for path in paths]
    assert all(max(piece) > 20_000 for piece in heard)
    assert len({piece.tobytes() for piece in heard}) == 4
    assert len(heard[1]) < len(heard[0]) or len(heard[0]) <= 5 * tunes.RATE


def test_the_same_seed_plays_the_same_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (tunes.play(tunes.SERIES[0], seed, 6) for seed in (1, 1, 2))
    assert first == again != other
