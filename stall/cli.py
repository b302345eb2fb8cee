"""The command line. Each command's module is imported only when it is called."""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import sys
from collections.abc import Sequence

import click

from stall.domain import shown
from stall.errors import Refused, StallError

#: Command → the module under stall.commands whose object of the same name it is.
COMMANDS = {
    "accept": "accept",
    "appliance": "appliance",
    "certificate": "certificate",
    "clock": "clock",
    "close": "close",
    "cloud": "cloud",
    "delegate": "delegate",
    "device": "device",
    "demo": "demo",
    "doctor": "doctor",
    "drop": "drop",
    "journal": "journal",
    "keys": "keys",
    "lan": "lan",
    "lease": "lease",
    "migrate": "migrate",
    "owner": "owner",
    "pack": "pack",
    "papers": "papers",
    "print": "print",
    "product": "product",
    "reader": "reader",
    "report": "report",
    "sell": "sell",
    "simulate": "simulate",
    "staff": "staff",
    "sync": "sync",
    "verify": "verify",
    "web": "web",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, by name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command asked for, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"stall.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stall")
def stall() -> None:
    """Sell signed, numbered digital editions at a market stall, without internet."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command. Exit codes: 0 ok, 1 refused or failed check, 2 usage, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        outcome = stall.main(args=given, prog_name="stall", standalone_mode=False)
    except StallError as error:
        _complain(error, as_json="--json" in given)
        sys.exit(1)
    except OSError as error:  # what no command foresaw: a name too long, a folder nobody may look into
        _complain(_refused_by_system(error), as_json="--json" in given)
        sys.exit(1)
    except sqlite3.Error as error:  # in the middle of reading; opening a box says it itself
        _complain(_damaged(error), as_json="--json" in given)
        sys.exit(1)
    except UnicodeEncodeError:  # bytes of the command line that are no UTF-8 reach us as lone surrogates
        words = "A word of this command is no UTF-8 text, so it cannot be written down. Type it again."
        _complain(Refused("argument-not-text", words), as_json="--json" in given)
        sys.exit(1)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        _complain_of_usage(error, as_json="--json" in given)
        sys.exit(error.exit_code)
    sys.exit(outcome if isinstance(outcome, int) else 0)


def _complain_of_usage(error: click.ClickException, *, as_json: bool) -> None:
    """Say wrong usage as any error, under the line that shows the right one; asked for nothing, a group shows its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(f"{context.get_usage()}\nHelp: {context.command_path} --help", err=True)
    _complain(Refused("usage", error.format_message()), as_json=as_json)


def _refused_by_system(error: OSError) -> Refused:
    what = error.strerror or type(error).__name__
    name = f" for {shown.quoted(os.fsdecode(error.filename))}" if isinstance(error.filename, str | bytes) else ""
    return Refused("system-refused", f"The system says{name}: {what}. Check the name, and that you may use it.")


def _damaged(error: sqlite3.Error) -> StallError:
    from stall.store import damage

    return damage.explained(error)


def _complain(error: StallError, *, as_json: bool) -> None:
    """Say an error as one clear sentence with its code; with --json, also as an object on standard output."""
    click.echo(shown.line(f"error: {error.sentence} [{error.code}]"), err=True)
    if as_json:
        click.echo(json.dumps({"ok": False, "error": {"code": error.code, "sentence": error.sentence}}))
