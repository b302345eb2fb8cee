"""A progress bar on standard error for commands that read much, if somebody looks. Counts bytes; knows no files."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click


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
                shown = click.progressbar(length=max(total, 1), label=label, file=sys.stderr, show_eta=False)
                advance.append(stack.enter_context(shown).update)
            advance[0](done - drawn)
            drawn = done

        yield seen


def counted(seen: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    """Give a callback (bytes more) that adds up and tells `seen`."""
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        seen(min(done, total), total)

    return count
