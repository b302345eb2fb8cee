"""Which plural forms a text with a number must have (CLDR, “Language Plural Rules”)."""

from __future__ import annotations

from collections.abc import Mapping

#: The forms a text with a number must have in each language. Polish `other` is for fractions, of which we have none.
FORMS: Mapping[str, frozenset[str]] = {
    "en": frozenset({"one", "other"}),
    "de": frozenset({"one", "other"}),
    "nl": frozenset({"one", "other"}),
    "es": frozenset({"one", "many", "other"}),
    "it": frozenset({"one", "many", "other"}),
    "fr": frozenset({"one", "many", "other"}),
    "pl": frozenset({"one", "few", "many", "other"}),
    "ja": frozenset({"other"}),
}
