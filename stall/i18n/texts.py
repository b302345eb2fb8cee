"""Every text of the buyers' pages, by key and language.

They lie side by side in `texts/<noun>.json`: a key, and under it each language. The key of a page is `<noun>.<key>`. A text
that counts is an object of plural forms, chosen by the fact `n`. A language is read when it is first asked for: on a small
board nobody pays for those that nobody there speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from stall.i18n.languages import DEFAULT, plural

FOLDER = Path(__file__).parent / "texts"
#: A text, or its plural forms.
Text = str | dict[str, str]


def all_texts() -> Mapping[str, Mapping[str, Text]]:
    """Every key with its languages, read anew."""
    read = msgspec.json.Decoder(dict[str, dict[str, Text]])
    return {
        f"{file.stem}.{key}": texts
        for file in sorted(FOLDER.glob("*.json"))
        for key, texts in read.decode(file.read_bytes()).items()
    }


@cache
def in_language(lang: str) -> Mapping[str, Text]:
    """Every key in one language; in English where a text lacks it, which a test forbids."""
    return {key: texts.get(lang) or texts[DEFAULT] for key, texts in all_texts().items()}


def has(key: str) -> bool:
    """Whether there is such a text."""
    return key in in_language(DEFAULT)


def pattern(lang: str, key: str, n: object = None) -> str:
    """The text of a key before its facts are put in. Raises KeyError for a key that is none: a mistake of ours, found by the tests."""
    text = in_language(lang)[key]
    if isinstance(text, str):
        return text
    if not isinstance(n, int):
        raise KeyError(f"{key} counts, and was not given n")
    return text.get(plural(lang, n)) or text["other"]


def text(lang: str, key: str, **facts: object) -> str:
    """Say something in a language; `{name}` in it stands for a fact."""
    return pattern(lang, key, facts.get("n")).format(**facts)
