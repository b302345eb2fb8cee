"""A template with the values put in: `@name@` becomes the value, and a part between `@if name@` and `@end@` stays or goes.

A name is small letters, digits and underscores; `@if not name@` keeps the part where the other goes; these stand alone on their
lines (spaces around them allowed) and are not nested. Nothing else of a template is touched. Every value is one of `Values`,
which says what may stand in it, so that none can end the line or the quotation it stands in, whatever the file's syntax.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from stall.errors import Broken

#: What a value may hold: ASCII that means nothing in any of the syntaxes. Never a space, a quotation mark, `;`, `#`, `$` or `%`.
_WORD = re.compile(r"[A-Za-z0-9._:/+,=-]{1,255}")
#: Other names, each of which stands in one file only, where it may hold this much.
_FORMS = {
    # hostapd takes everything up to the end of the line, the name of the network up to the last quotation mark.
    "ssid": re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,30}[A-Za-z0-9._-])?"),
    "password": re.compile(r"[!-~][ -~]{6,61}[!-~]"),
    # An address of nginx, with an IPv6 one in brackets.
    "buyers_listen": re.compile(r"[0-9A-Fa-f.:\[\]]{1,64}"),
    # A name below /dev, as udev makes them, without what it would take for a pattern.
    "reader_symlink": re.compile(r"[A-Za-z0-9#+.:=@_/-]{1,255}"),
}
_NAME = re.compile(r"@([a-z][a-z0-9_]*)@")
_IF = re.compile(r"[ \t]*@if (not )?([a-z][a-z0-9_]*)@[ \t]*\n?")
_END = re.compile(r"[ \t]*@end@[ \t]*\n?")

Value = str | int | bool
Values = Mapping[str, Value]


def text(template: str, values: Values, name: str = "the template") -> str:
    """The template with `values` in it.

    Raises Broken `config-name-unknown`, `config-template-malformed` and `config-value-unfit`.
    """

    def put(found: re.Match[str]) -> str:
        return _word(found[1], values, name)

    return "".join(_NAME.sub(put, line) for line in _kept(template, values, name))


def names(template: str) -> set[str]:
    """Every name a template speaks of, in whichever part."""
    return set(_NAME.findall(template)) - {"end"} | {
        found[2] for line in template.splitlines() if (found := _IF.fullmatch(line))
    }


def _kept(template: str, values: Values, name: str) -> list[str]:
    """The lines that stay."""
    lines, keep, inside = [], True, False
    for number, line in enumerate(template.splitlines(keepends=True), 1):
        if found := _IF.fullmatch(line):
            if inside:
                raise _malformed(name, number, "an @if@ inside another")
            inside, keep = True, bool(_known(found[2], values, name)) is not bool(found[1])
        elif _END.fullmatch(line):
            if not inside:
                raise _malformed(name, number, "an @end@ without its @if@")
            inside, keep = False, True
        elif keep:
            lines.append(line)
    if inside:
        raise _malformed(name, len(template.splitlines()), "an @if@ without its @end@")
    return lines


def _word(key: str, values: Values, name: str) -> str:
    value = _known(key, values, name)
    word = str(int(value)) if isinstance(value, bool) else str(value)
    if not _FORMS.get(key, _WORD).fullmatch(word):
        raise Broken(
            "config-value-unfit",
            f"{key} has a sign that would mean something else in {name}. Mend it in settings.toml.",
        )
    return word


def _known(key: str, values: Values, name: str) -> Value:
    if key not in values:
        raise Broken("config-name-unknown", f"{name} asks for @{key}@, which nothing gives. The program is damaged.")
    return values[key]


def _malformed(name: str, line: int, what: str) -> Broken:
    return Broken("config-template-malformed", f"Line {line} of {name} is {what}. The program is damaged.")
