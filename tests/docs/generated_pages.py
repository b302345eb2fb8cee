"""The pages of docs/ that are printed from the code, whole or in part."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial

import click

from stall.domain import payment, rights
from stall.wire import assigned
from tests.docs import firmware_tables, printed_tables, probe_table, schemas, unit_tables
from tests.house.sources import ROOT

WIDTH = 100
STAFF = "docs/staff.md"


def _commands(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command and not command.hidden:
                yield from _commands(click.Context(command, info_name=name, parent=context))


def command_line() -> str:
    """Print the page in a process of its own: click keeps each help option as the command's first caller named it."""
    command = [sys.executable, "-m", "tests.docs.generated_pages"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, encoding="utf-8").stdout


def _command_line() -> str:
    """Every command with its help, in the order the command line lists them."""
    from stall import cli

    root = click.Context(cli.stall, info_name="stall", **cli.stall.context_settings)
    parts = [
        "# Command line\n",
        "Printed from the code by `python -m tests.docs.regenerate`; a test compares the two.\n",
        "Exit codes: 0 it worked, 1 refused or a check failed, 2 wrong usage, 130 interrupted.",
        "Errors, wrong usage too, go to standard error as one sentence with a code from [errors.md](errors.md); with",
        '`--json` also to standard output: `{"ok": false, "error": {"code", "sentence"}}`. Else the object has `ok`: true,',
        "or, of a command that checks, whether all of it held.",
        "A file that is missing or cannot be read is refused (1); a folder where a file belongs is wrong usage (2), but to",
        "`stall verify` one file among others. What comes from outside is shown with its control characters as escapes.\n",
    ]
    for context in _commands(root):
        context.terminal_width = context.max_content_width = WIDTH
        parts.append(f"## {context.command_path}\n\n```text\n{context.get_help().rstrip()}\n```\n")
    return "\n".join(parts)


def payment_states() -> str:
    """The states of one attempt at paying, as a diagram and as words."""
    return "\n".join([
        "# Payment states\n",
        "Printed from the table in `stall/domain/payment.py` by `python -m tests.docs.regenerate`;",
        "a test compares the two.\n",
        "One attempt is one try to move money one way: to pay, to reverse or to refund.",
        "`unknown` is asked about and never sent again.\n",
        f"```mermaid\n{payment.diagram().rstrip()}\n```\n",
    ])  # fmt: skip


def unassigned() -> str:
    """The code points that no signed text may have, for readers in other languages."""
    pairs = " ".join(f"[{first},{last}]," for first, last in assigned.ranges()).removesuffix(",")
    lines = "\n".join(textwrap.wrap(pairs, WIDTH))
    return f'{{"unicode": "{assigned.UNICODE}", "ranges": [\n{lines}\n]}}\n'


def staff_page() -> str:
    """The page about people, its table of roles printed anew."""
    kept = (ROOT / STAFF).read_text(encoding="utf-8")
    return printed_tables.MARKED.sub(lambda found: f"{found[1]}{_roles()}\n{found[3]}", kept)


def _roles() -> str:
    heads = ("may", *(role.value for role in rights.Role))
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for right, holders in rights.HOLDERS.items():
        if right is not rights.Right.ENTER:
            cells = (rights.WORDS[right], *("yes" if role in holders else "" for role in rights.Role))
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": command_line,
    "docs/payment-states.md": payment_states,
    "docs/unassigned.json": unassigned,
    printed_tables.PAGE: printed_tables.readers_page,
    STAFF: staff_page,
    probe_table.PAGE: probe_table.captive_page,
    firmware_tables.PAGE: firmware_tables.firmware_page,
    unit_tables.PAGE: unit_tables.units_page,
    **{f"docs/schemas/{name}.json": partial(schemas.text, name) for name in schemas.DOCUMENTS},
}


def write_all() -> list[str]:
    """Write every page anew and name those that changed."""
    changed = []
    for name, render in PAGES.items():
        path, text = ROOT / name, render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


if __name__ == "__main__":
    sys.stdout.buffer.write(_command_line().encode())
