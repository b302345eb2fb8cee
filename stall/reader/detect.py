"""Find out what answers on a link, with the one question of each protocol that charges, changes and prints nothing.

ZVT is asked for its status (`05 01`) and never registered; Telium hears ENQ and EOT. Neither can take the other's
question for a payment: that needs a whole unit of its own kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stall.errors import Refused, Retry
from stall.reader.connect import PROTOCOLS, open_terminal
from stall.reader.driver import READY
from stall.reader.profiles import names_for
from stall.settings import Reader

#: Nobody wants to wait for three full repeats in each protocol that is only tried.
GUESS_SCALE = 1 / 3


@dataclass(frozen=True, slots=True)
class Answer:
    """How the terminal on a link stands, and what it speaks."""

    link: str
    protocol: str
    status: int
    words: str

    @property
    def ready(self) -> bool:
        """It would take a payment now."""
        return self.status == READY


def ask(own: Reader) -> Answer:
    """Ask the terminal of the settings. Raises what opening raises, and Refused `reader-no-answer`."""
    return _first(own, [own.protocol], 1)


def guess(own: Reader) -> Answer:
    """Try one protocol after the other until something answers; raises as `ask`."""
    return _first(own, PROTOCOLS, GUESS_SCALE, guessing=True)


def _first(own: Reader, protocols: Iterable[str], scale: float, *, guessing: bool = False) -> Answer:
    tried = list(protocols)
    for protocol in tried:
        terminal = open_terminal(
            Reader(
                link=own.link,
                protocol=protocol,
                line=own.line,
                password=own.password,
                profile=names_for(protocol)[0] if guessing else own.profile,
                time_scale=own.time_scale * scale,
            )
        )
        try:
            status = terminal.status()
        except Retry:
            continue  # silence, or it hung up on what it does not understand
        finally:
            terminal.close()
        return Answer(own.link, protocol, status, "Ready" if status == READY else terminal.status_words(status))
    raise Refused(
        "reader-no-answer",
        f"Nothing on {own.link} answers as {' or '.join(tried)}. Check that the terminal is on, that its connection to a"
        " cash register is switched on and set to this way, and who provides it says which protocol it speaks.",
    )
