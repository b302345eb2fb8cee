"""What a pack holds, as a person counts it."""

from __future__ import annotations

import pytest

from stall.domain import contents
from stall.domain.contents import Kind


def test_files_are_counted_by_kind_in_the_order_of_the_kinds() -> None:
    types = ["text/plain", "audio/flac", "image/jpeg", "image/heic", "application/zip", "video/mp4", "application/pdf"]
    assert contents.counted(types) == {
        Kind.PICTURE: 2,
        Kind.SONG: 1,
        Kind.FILM: 1,
        Kind.READING: 2,
        Kind.OTHER: 1,
    }
    assert list(contents.counted(types)) == list(Kind)


@pytest.mark.parametrize(
    "media_type", ["image/svg+xml", "text/html", "application/pdf", "application/xhtml+xml", "image/", ""]
)
def test_what_could_run_something_is_never_shown_in_a_page(media_type: str) -> None:
    assert not contents.shown_inline(media_type)


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/webp", "audio/ogg", "video/webm"])
def test_what_a_browser_shows_or_plays_is(media_type: str) -> None:
    assert contents.shown_inline(media_type)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("photos/03_sea-glass.jpg", "sea glass"), ("01 low sun.jpg", "low sun"), ("Größe.wav", "Größe"), ("123.jpg", "123"),
        ("9 lives.mp3", "lives"), ("海.jpg", "海"), ("a.b/.hidden", ".hidden"),
    ],
)  # fmt: skip
def test_a_file_is_called_by_its_name_without_what_sorts_it(path: str, said: str) -> None:
    assert contents.spoken_name(path) == said
