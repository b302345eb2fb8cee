"""The text of the code that joins a Wi-Fi: `WIFI:T:WPA;S:name;P:password;;`, as phones read it.

The form is the one the ZXing project described and Android and iOS both follow. `\\ ; , " :` stand behind a backslash. Nothing is ever
put in quotation marks: iOS takes them as part of the name. So a name or password of hexadecimal digits alone, which would need
them, is refused, as is whatever a phone has been seen to stumble over in a name.
"""

from __future__ import annotations

import re

from stall.errors import Refused

#: IEEE 802.11: 1 to 32 bytes; of them, letters, digits and the signs every phone reads the same.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,30}[A-Za-z0-9._-])?")
#: IEEE 802.11, Annex J: a passphrase is 8 to 63 printable ASCII characters. A space at an end gets lost when it is typed.
_PASSWORD = re.compile(r"[!-~][ -~]{6,61}[!-~]")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_TO_ESCAPE = re.compile(r'([\\;,":])')


def text(name: str, password: str) -> str:
    """The text of the code for a network; without a password it is an open one. Raises Refused as `check` does."""
    check(name, password)
    secret = f"T:WPA;S:{_escaped(name)};P:{_escaped(password)}" if password else f"T:nopass;S:{_escaped(name)}"
    return f"WIFI:{secret};;"


def check(name: str, password: str) -> None:
    """Refuse what some phone would not join. Raises Refused `wifi-name-unfit`, `wifi-password-unfit`."""
    if not _NAME.fullmatch(name) or _HEX.fullmatch(name):
        raise Refused(
            "wifi-name-unfit",
            "The Wi-Fi's name is 1 to 32 letters, digits, spaces, dots, dashes and underscores, begins with a letter or digit, and is"
            " not hexadecimal digits alone, or some phones do not join. Choose another.",
        )
    if password and (not _PASSWORD.fullmatch(password) or _HEX.fullmatch(password)):
        raise Refused(
            "wifi-password-unfit",
            "The Wi-Fi's password is 8 to 63 letters, digits and signs of ASCII, without a space at its ends and not hexadecimal digits"
            " alone, or some phones do not join. Choose another.",
        )


def _escaped(part: str) -> str:
    return _TO_ESCAPE.sub(r"\\\1", part)
