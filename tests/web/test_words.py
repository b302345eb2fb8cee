"""Facts as people say them."""

from __future__ import annotations

import pytest

from stall.web import words
from stall.web.buyer import covers
from tests.fakes.clock import START_MS
from tests.fakes.stock import Stocked


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (12_345, "12 kB"), (5_829_403, "5.8 MB"), (212_000_000, "212 MB"), (3_100_000_000, "3.1 GB")],
)  # fmt: skip
def test_a_size_is_said_as_phones_do(count: int, said: str) -> None:
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "a moment"), (100_000_000, "about 40 s"), (299_000_000, "about 119 s"), (1_500_000_000, "about 10 min")]
)  # fmt: skip
def test_a_download_is_said_to_take_about_so_long_at_20_mbit_a_second(count: int, said: str) -> None:
    assert words.download_time(count) == said


@pytest.mark.parametrize(
    ("rate", "said"), [(1900, "19 %"), (700, "7 %"), (550, "5.5 %"), (810, "8.1 %"), (0, "0 %"), (2000, "20 %")]
)
def test_a_vat_rate_is_said_in_percent(rate: int, said: str) -> None:
    assert words.percent(rate) == said


def test_a_moment_of_today_needs_no_date() -> None:
    day = 86_400_000
    midnight = START_MS // day * day
    assert words.when(midnight + 14 * 3_600_000, midnight) == "14:00 UTC"
    assert words.when(midnight + day, midnight).endswith("00:00 UTC")
    assert words.when(midnight + day, midnight) != "00:00 UTC"


def test_a_cover_keeps_its_room_on_the_page(stocked_box: Stocked) -> None:
    cover = next((stocked_box.folder / "covers").iterdir())
    assert covers.size_of(stocked_box.folder, cover.stem) == (64, 48)
    assert covers.size_of(stocked_box.folder, "missing") == covers.SQUARE
    for broken in (b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\x00", b"\xff\xd8\xff\xe0\x00\x00" * 9, b"GIF89a" * 9):
        (stocked_box.folder / "covers" / "odd.jpg").write_bytes(broken)
        covers.size_of.cache_clear()
        assert covers.size_of(stocked_box.folder, "odd") == covers.SQUARE


def test_a_documents_date_is_written_as_every_other() -> None:
    assert words.date_of("2026-11-21T14:05:30Z") == "21 Nov 2026, 14:05 UTC"
    assert words.date_of("soon") == "soon"
