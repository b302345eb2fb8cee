"""The languages of the buyers' pages, and which plural form a number takes in each (CLDR, "Language Plural Rules")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

#: By its BCP 47 tag, each language as its speakers call it, in the order of the switch.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "en": "English",
        "de": "Deutsch",
        "fr": "Français",
        "es": "Español",
        "it": "Italiano",
        "nl": "Nederlands",
        "pl": "Polski",
        "ja": "日本語",
    }
)
LANGUAGES = tuple(NAMES)
#: What is spoken to whoever asks for none of them; every text exists in it.
DEFAULT = "en"

_MILLION = 1_000_000


def _one(n: int) -> str:
    return "one" if n == 1 else "other"


def _millions(n: int) -> str:
    if n == 1:
        return "one"
    return "many" if n and n % _MILLION == 0 else "other"


def _french(n: int) -> str:
    return "one" if n == 0 else _millions(n)


def _polish(n: int) -> str:
    if n == 1:
        return "one"
    return "few" if n % 10 in {2, 3, 4} and n % 100 not in {12, 13, 14} else "many"


def _always(_n: int) -> str:
    return "other"


_RULES: Mapping[str, Callable[[int], str]] = {
    "en": _one,
    "de": _one,
    "nl": _one,
    "es": _millions,
    "it": _millions,
    "fr": _french,
    "pl": _polish,
    "ja": _always,
}


def plural(lang: str, n: int) -> str:
    """The plural form a whole number takes in a language: one, few, many or other."""
    return _RULES[lang](abs(n))
