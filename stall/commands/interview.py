"""The questions `stall pack build` asks at a terminal, of what was not given: each answer checked at once and asked for again.

Questions are on standard error. Ctrl-C or the end of the input leaves nothing behind, for nothing was begun.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from stall.commands import offered as offers
from stall.commands import say
from stall.commands.offered import Offered
from stall.domain import shown
from stall.domain.contents import Kind
from stall.errors import Refused, StallError

if TYPE_CHECKING:
    from stall.creator.survey import Survey

_Answer = TypeVar("_Answer")
LICENCES = (offers.LICENCE, "CC BY 4.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "CC0 1.0, do as you like")
_NONE = "-"
_DIGITS = 10
_MOST_NAMES = 100


def at_terminal() -> bool:
    """Whether somebody is there to answer, and to see the question."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def ask(offered: Offered, looked: Survey, folder: Path) -> None:
    """Ask for everything that was not given. Raises click's Abort when the person stops."""
    _ask_title(offered, looked, folder)
    _ask_price(offered)
    if offered.edition is None:
        offered.edition = _asked("Numbered copies, - for as many as are wanted", _NONE, _number(offers.EDITION))
    if offered.window_days is None:
        offered.window_days = _asked("Sold for how many days", str(offers.WINDOW_DAYS), _number(offers.DAYS))
    if offered.licence is None:
        offered.licence = _licence()
    _ask_words(offered)
    _ask_roles(offered, looked)


def _ask_title(offered: Offered, looked: Survey, folder: Path) -> None:
    from stall.creator import packs, words

    if offered.title is None:
        offered.title = _asked("Title", title_of(looked, folder), words.title)
    if offered.id is None:
        try:
            packs.drop_id_of(offered.title)
        except StallError:
            offered.id = _asked("Its id, for addresses: letters a-z, digits and -", "my-drop", packs.check_id)


def _ask_price(offered: Offered) -> None:
    from stall.domain import money

    if offered.price is None:
        if offered.currency is None:
            offered.currency = _asked("Currency", offers.CURRENCY, _currency)
        offered.price = _asked("Price of one copy, 0 to give it away", None, _price(offered.currency))
        say.line(f"  {money.text(money.parse(offered.price, offered.currency), offered.currency)}", err=True)


def _ask_words(offered: Offered) -> None:
    from stall.creator import words

    if offered.desc is None:
        offered.desc = (
            _asked("What the page says about it, - for nothing", _NONE, _unless_none(words.description)) or ""
        )
    if offered.desc and offered.lang is None:
        offered.lang = _asked("In which language is that", offers.LANG, words.language)


def _ask_roles(offered: Offered, looked: Survey) -> None:
    from stall.creator import roles

    found = looked.found
    if offered.cover is None and any(one.is_image for one in found):
        suggested = roles.cover(found, None, looked.undrawn)
        offered.cover = _asked(
            "Cover",
            suggested.path if suggested else None,
            lambda path: roles.asked_cover(found, path, looked.undrawn).path,
        )
    if not offered.sample:
        offered.sample = _patterns("Files anyone may see or hear in full, like previews/*; - for none", looked)
    if not offered.bonus:
        offered.bonus = _patterns("Files that come on top, like extras/*; - for none", looked)


def title_of(looked: Survey, folder: Path) -> str | None:
    """Suggest a title: the album, where most of it is music of one, else the folder's name in words."""
    albums = {look.seen.facts["album"] for look in looked.looks if "album" in look.seen.facts}
    songs = sum(look.kind is Kind.SONG for look in looked.looks)
    name = " ".join(folder.resolve().name.replace("_", " ").replace("-", " ").split())
    title = albums.pop() if len(albums) == 1 and 2 * songs >= len(looked.looks) else name
    return title if title and title == shown.line(title) else None  # nothing of a file moves the terminal


def _licence() -> str:
    from stall.creator import words

    for number, licence in enumerate(LICENCES, 1):
        say.line(f"  {number}  {licence}", err=True)
    answer = _asked("Licence: a number, or one sentence of your own", "1", words.licence)
    return LICENCES[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(LICENCES) else answer


def _patterns(question: str, looked: Survey) -> tuple[str, ...]:
    from stall.creator import roles

    def read(text: str) -> tuple[str, ...]:
        patterns = tuple(part for one in text.split(",") if (part := one.strip()))
        for pattern in patterns:
            roles.check_pattern(looked.found, pattern)
        return patterns

    return _asked(question, _NONE, _unless_none(read)) or ()


def _currency(text: str) -> str:
    from stall.domain import money

    money.exponent_of(text.strip().upper())
    return text.strip().upper()


def _price(currency: str) -> Callable[[str], str]:
    from stall.domain import money

    def read(text: str) -> str:
        money.parse(text, currency)
        return text.strip()

    return read


def _number(kind: click.IntRange) -> Callable[[str], int | None]:
    return _unless_none(lambda text: _within(kind, text.strip()))


def _within(kind: click.IntRange, text: str) -> int:
    least, most = int(kind.min or 0), int(kind.max or 0)
    if not (text.isascii() and text.isdecimal() and len(text) < _DIGITS and least <= int(text) <= most):
        raise Refused("answer-number", f"Write a whole number from {least} to {most:,}.")
    return int(text)


def _unless_none(read: Callable[[str], _Answer]) -> Callable[[str], _Answer | None]:
    return lambda text: None if text.strip() == _NONE else read(text)


def _asked(question: str, suggested: str | None, read: Callable[[str], _Answer]) -> _Answer:
    """Ask until the answer is one, and say each time what is wrong with it."""
    while True:
        answer = str(click.prompt(question, default=suggested, err=True)).strip()
        try:
            return read(answer)
        except StallError as error:
            say.paragraph(error.sentence, err=True, indent="  ")


def out_file(drop_id: str) -> Path:
    """Ask where the pack goes: a file that is not there yet."""
    from stall.creator import handover

    def read(text: str) -> Path:
        path = Path(text).expanduser()
        handover.check_free(path)
        return path

    names = [f"{drop_id}.stallpack", *(f"{drop_id}-{number}.stallpack" for number in range(2, _MOST_NAMES))]
    return _asked("The pack to write", next((one for one in names if not Path(one).exists()), None), read)
