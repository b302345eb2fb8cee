"""What a creator decides about a drop, as options of a command, from the folder's `stall.toml`, and as the pack takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from stall.creator.packs import Kind, PackOptions

DAY_S = 86_400
CURRENCY, WINDOW_DAYS, LICENCE, LANG = "EUR", 90, "For private use", "en"
EDITION, DAYS = click.IntRange(1, 100_000), click.IntRange(1, 730)

_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS = (
    click.option("--title", help="What buyers read."),
    click.option("--price", help="Price of one copy, like 4.50; 0 gives it away."),
    click.option("--currency", help=f"Currency of the price.  [default: {CURRENCY}]"),
    click.option("--edition", type=EDITION, help="How many numbered copies; without it, no numbers."),
    click.option(
        "--kind", type=click.Choice(["limited", "open", "timed", "free"]), help="Follows from edition and price."
    ),
    click.option(
        "--opens", metavar="TIME", help="When its sale begins, in UTC, like 2026-11-21 14:05; at once if not given."
    ),
    click.option("--window-days", type=DAYS, help=f"How long it is sold.  [default: {WINDOW_DAYS}]"),
    click.option("--licence", help=f"What a buyer may do, in one sentence.  [default: {LICENCE}]"),
    click.option("--desc", help="What the page says about it."),
    click.option("--lang", help=f"Language of the description.  [default: {LANG}]"),
    click.option("--id", "id", help="The drop's id; made from the title if not given."),
    click.option("--cover", help="The cover's path in FOLDER; cover.* or the first picture if not given."),
    click.option("--sample", multiple=True, metavar="PATTERN", help="Files anyone may see, like previews/*."),
    click.option("--bonus", multiple=True, metavar="PATTERN", help="Files that come on top."),
    click.option("--keep-gps", is_flag=True, help="Leave in photos and films where they were made."),
)


def options(command: _Command) -> _Command:
    """Give a command the options of an offer; it hands them on to `Offered` by their names."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass
class Offered:
    """What was given of an offer so far; None and empty stand for what was not."""

    title: str | None = None
    price: str | None = None
    currency: str | None = None
    edition: int | None = None
    kind: Kind | None = None
    opens: str | None = None
    window_days: int | None = None
    licence: str | None = None
    desc: str | None = None
    lang: str | None = None
    id: str | None = None
    cover: str | None = None
    sample: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()
    keep_gps: bool = False

    def fill(self, answers: dict[str, Any]) -> None:
        """Take for what was not given what the folder's own file says."""
        for one in fields(self):
            if getattr(self, one.name) in (None, (), False) and one.name in answers:
                setattr(self, one.name, answers[one.name])

    def missing(self, context: click.Context | None = None) -> None:
        """Refuse wrong usage where a title or price was given nowhere."""
        lacking = [f"--{name}" for name in ("title", "price") if getattr(self, name) is None]
        if lacking:
            raise click.UsageError(f"Missing {' and '.join(lacking)}.", context)

    def as_options(self, now_s: int, **more: Any) -> PackOptions:
        """Give the options of a pack. Raises Refused, the first of what is not right."""
        from stall.creator import packs, revocations, words
        from stall.domain import money

        currency = self.currency or CURRENCY
        opens_s = now_s if self.opens is None else revocations.read_time(self.opens)
        return packs.PackOptions(
            title=words.title(self.title or ""),
            price_minor=money.parse(self.price or "", currency),
            cur=currency,
            opens_s=opens_s,
            closes_s=opens_s + (self.window_days or WINDOW_DAYS) * DAY_S,
            edition=self.edition,
            kind=self.kind,
            licence=words.licence(self.licence or LICENCE),
            desc=words.description(self.desc or ""),
            lang=words.language(self.lang or LANG),
            drop_id=None if self.id is None else packs.check_id(self.id),
            cover=self.cover,
            samples=self.sample,
            bonus=self.bonus,
            keep_gps=self.keep_gps,
            **more,
        )


def of(folder: Path, given: dict[str, Any]) -> Offered:
    """Take what a command was given, and for the rest what the folder's own file says. Raises Refused `answers-unreadable`."""
    from stall.creator import answers

    offered = Offered(**given)
    offered.fill(answers.read(folder))
    return offered
