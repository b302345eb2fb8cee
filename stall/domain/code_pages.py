"""The tables of 256 letters that receipt printers have, and the number each is chosen by."""

from __future__ import annotations

#: By Python's name, with the number Epson gave it (ESC t); other makers follow for most.
CODE_PAGES = {
    "cp437": 0, "cp850": 2, "cp860": 3, "cp863": 4, "cp865": 5, "cp857": 13, "cp737": 14, "cp1252": 16, "cp866": 17,
    "cp852": 18, "cp858": 19, "cp775": 33, "cp855": 34, "cp862": 36, "cp1250": 45, "cp1251": 46, "cp1253": 47,
    "cp1254": 48, "cp1257": 51,
}  # fmt: skip

#: In place of a table: everything but plain ASCII is drawn.
RASTER = "raster"
_PLAIN = "cp437"
_MOST = 255


def read(text: str) -> tuple[str, int]:
    """Read `cp858`, `cp866:7` or `raster` into a table and its number. Raises ValueError with a sentence."""
    name, colon, number = text.partition(":")
    if name == RASTER and not colon:
        return _PLAIN, CODE_PAGES[_PLAIN]
    if name not in CODE_PAGES:
        raise ValueError(f"code_page is none of {', '.join(CODE_PAGES)} or {RASTER}")
    if colon and not (number.isascii() and number.isdecimal() and int(number) <= _MOST):
        raise ValueError("the number behind code_page is not 0 to 255")
    return name, int(number) if colon else CODE_PAGES[name]
