"""The firmware of the built-in radio: the one for more phones, where Raspberry Pi OS has it beside the usual one."""

from __future__ import annotations

from stall.box.config import boards
from stall.box.install.machine import Machine
from stall.settings import Settings

TO_DO = "take the radio's firmware for more phones into use"


def to_choose(machine: Machine, settings: Settings) -> bool:
    """Whether there is one for more phones and it is not in use."""
    board = boards.read(machine.root, settings.network.lan)
    return boards.firmware(board) is not None and board.radio is not None and not board.radio.chosen


def choose(machine: Machine, settings: Settings) -> str:
    """Take it into use from the next start of the machine on; says what came of it, empty where there is nothing to choose."""
    choice = boards.firmware(boards.read(machine.root, settings.network.lan))
    if choice is None or not to_choose(machine, settings):
        return ""
    done = machine.run(choice[0])
    if done.returncode:
        return f"The radio's firmware for more phones could not be taken into use: {done.stderr.strip()}. Fewer phones join, all else works."
    return "The radio's firmware for more phones is in use from the next start on."


def give_back(machine: Machine, settings: Settings) -> None:
    """The usual one again, as the system chooses it."""
    board = boards.read(machine.root, settings.network.lan)
    choice = boards.firmware(board)
    if choice is not None and board.radio is not None and board.radio.chosen:
        machine.run(choice[1])


def warnings(machine: Machine, settings: Settings) -> list[str]:
    """What a maker should know of this radio before the market."""
    own = settings.network
    return boards.warnings(boards.read(machine.root, own.lan), own.band, own.clients)
