"""A progress bar on standard error for commands that read much, if somebody looks. Counts bytes; knows no files."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

import click

_SETTLED_S = 1.0  # before that a rate says nothing


@contextlib.contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a callback (bytes done, bytes in all) that draws a progress bar on standard error, if somebody looks."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with contextlib.ExitStack() as stack:
        advance: list[Callable[[int], None]] = []
        drawn = 0

        def seen(done: int, total: int) -> None:
            nonlocal drawn
            if not advance:
                advance.append(stack.enter_context(_drawn(label, total)))
            advance[0](done - drawn)
            drawn = done

        yield seen


@contextlib.contextmanager
def _drawn(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar with the rate and the time left: a slow card takes minutes, and whoever waits wants to know for how many."""
    begun, done = time.monotonic(), 0
    drawn = click.progressbar(
        length=max(total, 1),
        label=label,
        file=sys.stderr,
        item_show_func=lambda item: item,
        bar_template="%(label)s  [%(bar)s]  %(info)s",
        width=20,
    )
    with drawn as opened:

        def advance(more: int) -> None:
            nonlocal done
            done += more
            passed = time.monotonic() - begun
            rate = f"{done / passed / 1e6:.1f} MB/s" if passed >= _SETTLED_S else ""
            opened.update(more, rate or None)

        yield advance


@contextlib.contextmanager
def counting(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a callback (files done, files in all) that draws a bar without rate or time, if somebody looks."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with contextlib.ExitStack() as stack:
        advance: list[Callable[[int], None]] = []

        def seen(_done: int, total: int) -> None:
            if not advance:
                shown = click.progressbar(length=total, label=label, file=sys.stderr, show_eta=False, width=20)
                advance.append(stack.enter_context(shown).update)
            advance[0](1)

        yield seen


def counted(seen: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    """Give a callback (bytes more) that adds up and tells `seen`."""
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        seen(min(done, total), total)

    return count
