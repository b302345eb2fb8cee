"""Every text exists in every language, with the same facts and all plural forms, and is used."""

from __future__ import annotations

import re
import string

import pytest

from stall.i18n import texts
from stall.i18n.languages import LANGUAGES, NAMES, plural
from tests.house.sources import ROOT
from tests.i18n.forms import FORMS

ALL = texts.all_texts()
KEYS = sorted(ALL)
_USED = re.compile(r"""["']([a-z_]+\.[a-z0-9_.-]+)["']""")


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", KEYS)
def test_a_text_is_there_in_every_language(key: str) -> None:
    found = ALL[key]
    assert set(found) == set(LANGUAGES)
    for lang, text in found.items():
        forms = {"other": text} if isinstance(text, str) else text
        if not isinstance(text, str):
            assert set(forms) == FORMS[lang], f"{key} in {lang} lacks a plural form"
        for said in forms.values():
            assert said.strip() == said
            assert said
            assert not set(said) & set("!\uff01"), "nobody shouts here"
            assert not set(said) & set("\"'"), "typographic quotation marks, please"


@pytest.mark.parametrize("key", KEYS)
def test_a_text_names_the_same_facts_in_every_language(key: str) -> None:
    found = ALL[key]
    named = {}
    for lang, text in found.items():
        forms = [text] if isinstance(text, str) else list(text.values())
        named[lang] = set().union(*(facts(form) for form in forms)) - {"n"}
    assert len({frozenset(names) for names in named.values()}) == 1, named


def test_every_text_that_counts_does_so_in_all_languages() -> None:
    for key, found in ALL.items():
        assert len({isinstance(text, str) for text in found.values()}) == 1, key


def test_every_text_is_used_and_every_one_used_is_there() -> None:
    sources = [*ROOT.glob("stall/web/**/*.py"), *ROOT.glob("stall/web/templates/**/*.html")]
    said = {match for source in sources for match in _USED.findall(source.read_text(encoding="utf-8"))}
    nouns = {key.partition(".")[0] for key in KEYS}
    prefixes = {key.rpartition(".")[0] + "." for key in KEYS}
    composed = {
        prefix
        for source in sources
        for prefix in prefixes
        if re.search(rf"""["']{re.escape(prefix)}["']|["']{re.escape(prefix)}\{{""", source.read_text(encoding="utf-8"))
    }
    unused = {key for key in KEYS if key not in said and not any(key.startswith(prefix) for prefix in composed)}
    assert not {key for key in unused if not key.startswith("error.")}
    files = re.compile(r"\.(html|css|js|json|svg|jws|py|jpg|zip|key|sqlite|toml|sock|com)$")
    assert not {
        key
        for key in said
        if key.partition(".")[0] in nouns and key not in KEYS and not files.search(key) and not key.endswith(".")
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_text_is_said_with_its_facts(lang: str) -> None:
    assert "40" in texts.text(lang, "common.about_s", s=40)
    assert NAMES[lang]
    assert plural(lang, 2) in FORMS[lang]


def test_a_key_that_is_none_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        texts.text("en", "common.nothing")
