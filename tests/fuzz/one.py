"""Fuzzes one reader in a process of its own: `python -m tests.fuzz.one TARGET [options of libFuzzer]`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["stall"]):
    from tests.fuzz import targets


def main() -> None:
    """Never comes back: libFuzzer ends the process, with 0 unless something was found."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, lambda data: targets.run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
