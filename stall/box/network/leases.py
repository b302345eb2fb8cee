"""Who has which address: the file dnsmasq keeps, read. Pure.

A line is: when it ends (s UTC), hardware address, address, the client's own name (`*`, we do not ask), its number. What is not so
is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"(?m)^(\d{1,12}) ((?:[0-9a-f]{2}:){5}[0-9a-f]{2}) (\d{1,3}(?:\.\d{1,3}){3}) \S+ \S+$")


@dataclass(frozen=True, slots=True)
class Lease:
    """An address that is lent, and to which hardware address."""

    mac: str
    address: str


def read(text: str) -> list[Lease]:
    """The leases of a file, in its order."""
    return [Lease(found[2], found[3]) for found in _LINE.finditer(text)]
