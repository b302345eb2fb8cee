"""Every page of the buyers' app, in every language: no word of another one is left, no place in a text is empty."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stall.domain import contents
from stall.i18n.languages import LANGUAGES
from tests.fakes.stock import FILES
from tests.web import reading
from tests.web.buyer_tour import Tour

#: A text may be the same in two languages by chance; three words are no chance.
_CHANCE = 3
#: A place in a text that nothing was put into.
_EMPTY = re.compile(r"\{[a-z_]*\}|\bNone\b|\bUndefined\b")
#: Said alike everywhere.
_EVERYWHERE = {"ZIP", "Wi-Fi", "iPhone", "Android", "Safari", "Chrome", "QR", "VAT", "UTC", "kB", "MB", "GB", "SHA-256", "PDF", "EUR", "No", "iPad"}  # fmt: skip


@pytest.fixture(scope="module")
def data(buyer_tour: Tour) -> re.Pattern[str]:
    """What people typed, which nobody translates: names, titles, files, keys."""
    from stall.store import catalogue

    said: set[str] = {name for files in FILES.values() for name in files}
    for stocked in buyer_tour.made.values():
        box = stocked.box
        said |= {
            box.settings.name,
            box.settings.place,
            box.settings.seller,
            box.settings.wifi.name,
            box.settings.wifi.password,
            "Quay 4",
        }
        for card in catalogue.cards(box.db.read(), box.now_ms()):
            said |= {card.title, card.description or "", card.licence, card.drop_id, card.creator}
            said |= {
                part
                for file in catalogue.files(box.db.read(), card.pack)
                for part in (file.path, file.name, Path(file.name).stem, contents.spoken_name(file.path))
            }
        said.add(box.secrets.signing.did)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(said - {''}, key=len, reverse=True)))})(?!\w)")


def without(data: re.Pattern[str], piece: str) -> str:
    return data.sub(" ", piece)


def test_every_page_says_its_language(buyer_tour: Tour) -> None:
    for stop in buyer_tour.pages:
        for lang in LANGUAGES:
            assert reading.read(buyer_tour.look(stop, lang).text).lang == lang, stop.name


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "en"])
def test_no_english_is_left_on_any_page(buyer_tour: Tour, data: re.Pattern[str], lang: str) -> None:
    """Three words of English anywhere; in Japanese, which shares no word with it, a single one."""
    most = 1 if lang == "ja" else _CHANCE
    left: list[str] = []
    for stop in buyer_tour.pages:
        english = set(reading.read(buyer_tour.look(stop).text).pieces)
        for piece in dict.fromkeys(reading.read(buyer_tour.look(stop, lang).text).pieces):
            said = [
                word
                for word in reading.words_of(without(data, piece))
                if word not in _EVERYWHERE and not word.isupper()
            ]
            if piece in english and len(said) >= most and not _is_key(piece):
                left.append(f"{stop.name}: {piece}")
    assert left == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_left_empty_in_a_text(buyer_tour: Tour, lang: str) -> None:
    found = [
        f"{stop.name}: {piece}"
        for stop in buyer_tour.pages
        for piece in reading.read(buyer_tour.look(stop, lang).text).pieces
        if _EMPTY.search(piece)
    ]
    assert found == []


def _is_key(piece: str) -> bool:
    """A key, a hash, a code, an address or the code of an error: written alike everywhere."""
    if re.fullmatch(r"[0-9A-Za-z]{4}(?: [0-9A-Za-z]{4})*(?: [0-9A-Za-z]{1,3})?", piece) and re.search(r"[0-9]", piece):
        return True  # in groups of four
    return re.fullmatch(r"(?:did:key:)?[A-Za-z0-9_+/=:.-]+", piece) is not None and (
        len(piece) >= 20 or re.search(r"[0-9]|[a-z]-[a-z]", piece) is not None
    )
