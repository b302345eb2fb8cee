"""Each language's texts in its own typography: spaces that hold, quotation marks, one word for one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from stall.i18n import texts
from stall.i18n.languages import LANGUAGES

#: What a text must not hold, by language: in French a space that breaks before a sign, marks of another language elsewhere.
WRONG = {
    "en": r"[„«»「]",
    "de": r"[«»”‘「]|“[^ .,:;?)]",
    "fr": r"(?<![\u202f])[;?]|(?<![\u00a0\d]):(?!/)|«(?!\u00a0)|(?<!\u00a0)»|[„“”「]",
    "es": r"[„“”「]|« | »",
    "it": r"[„“”「]|« | »",
    "nl": r"[„“”«»「]",
    "pl": r"[“«»「]",
    "ja": r"[„«»,;?]|(?<!写真)”|“(?!写真)",
}
#: A unit that may stand at the beginning of a line, away from its number.
PARTED = re.compile(r"\{(?:s|min|h)\} |\{n\} [Mm]in\b")
#: A Polish word of one letter, which does not end a line.
LONELY = re.compile(r"(?:^|[\s(„])[wzouiaWZOUIA] ")
#: Words that say for one thing what another text says otherwise, or say something else.
STRAY = {
    "de": r"Bestellung wurde aufgegeben|[Uu]nterschr|\bSie\b(?= (?:bitte|können|haben))",
    "fr": r"\bInternet\b(?!\u00a0»)|\btu\b",
    "es": r"\best[ae] wifi\b|\b[Uu]sted\b",
    "it": r"\b(?:Chieda|Mostri|Conservi|Confronti)\b|sul tavolo",
    "pl": r"przy stoisku|na stole|[Pp]rosimy",
    "ja": r"領収書|作り手|印章",
}


def said(lang: str) -> Iterator[tuple[str, str]]:
    for key, found in texts.all_texts().items():
        text = found[lang]
        for form in [text] if isinstance(text, str) else text.values():
            yield key, form


@pytest.mark.parametrize("lang", LANGUAGES)
def test_signs_are_those_of_the_language(lang: str) -> None:
    assert [(key, text) for key, text in said(lang) if re.search(WRONG[lang], text)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_number_and_its_unit_stay_on_one_line(lang: str) -> None:
    assert [(key, text) for key, text in said(lang) if PARTED.search(text) and lang != "ja"] == []


def test_no_polish_line_ends_with_a_word_of_one_letter() -> None:
    assert [(key, text) for key, text in said("pl") if LONELY.search(text)] == []


@pytest.mark.parametrize("lang", sorted(STRAY))
def test_one_thing_has_one_word(lang: str) -> None:
    assert [(key, text) for key, text in said(lang) if re.search(STRAY[lang], text)] == []
