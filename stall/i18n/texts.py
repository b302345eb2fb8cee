"""Every text of the buyers' pages, by key and language.

They lie side by side in `texts/<noun>.json`: a key, and under it each language. The key of a page is `<noun>.<key>`. A text
that counts is an object of plural forms, chosen by the fact `n`. Read once, when the first is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from stall.i18n.languages import DEFAULT, LANGUAGES, plural

FOLDER = Path(__file__).parent / "texts"
#: A text, or its plural forms.
Text = str | dict[str, str]


@cache
def all_texts() -> Mapping[str, Mapping[str, Text]]:
    """Every key with its languages."""
    read = msgspec.json.Decoder(dict[str, dict[str, Text]])
    return {
        f"{file.stem}.{key}": texts
        for file in sorted(FOLDER.glob("*.json"))
        for key, texts in read.decode(file.read_bytes()).items()
    }


def has(key: str) -> bool:
    """Whether there is such a text."""
    return key in all_texts()


def pattern(lang: str, key: str, n: object = None) -> str:
    """The text of a key before its facts are put in. Raises KeyError for a key that is none: a mistake of ours, found by the tests."""
    texts = all_texts()[key]
    text = texts.get(lang) or texts[DEFAULT]
    if isinstance(text, str):
        return text
    if not isinstance(n, int):
        raise KeyError(f"{key} counts, and was not given n")
    return text.get(plural(lang if lang in texts else DEFAULT, n)) or text["other"]


def text(lang: str, key: str, **facts: object) -> str:
    """Say something in a language; `{name}` in it stands for a fact."""
    return pattern(lang, key, facts.get("n")).format(**facts)


def complete(texts: Mapping[str, Text]) -> bool:
    """Whether a key has every language."""
    return all(lang in texts for lang in LANGUAGES)
