"""`stall.toml` in a folder of files: what its maker decided about the drop, so that the next pack of it asks nothing.

It is never packed. What is given on the command line goes before it.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from stall import disk
from stall.errors import Refused

FILE = "stall.toml"
_MOST_BYTES = 64 * 1024


class Answers(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"
):
    """What may stand in it, by the names of the command's options. An amount is text: `"4.50"`."""

    title: str | None = None
    price: str | None = None
    currency: str | None = None
    edition: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    kind: Literal["limited", "open", "timed", "free"] | None = None
    opens: str | None = None
    window_days: Annotated[int, msgspec.Meta(ge=1, le=730)] | None = None
    licence: str | None = None
    desc: str | None = None
    lang: str | None = None
    id: str | None = None
    cover: str | None = None
    sample: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()
    keep_gps: bool = False


def read(folder: Path) -> dict[str, Any]:
    """Give the answers that a folder holds, by the names of options; none where it has no such file. Raises Refused `answers-unreadable`."""
    path = folder / FILE
    try:
        if not path.is_file():
            return {}
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise _unreadable(path, "it is larger than 64 KiB")
        held = tomllib.loads(data.decode("utf-8"))
        found = msgspec.convert(held, Answers)
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be read") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _unreadable(path, str(error)) from error
    except RecursionError:
        raise _unreadable(path, "it is nested too deeply") from None
    given = msgspec.structs.asdict(found)
    return {name: value for name, value in given.items() if value not in (None, (), False)}


def keep(folder: Path, given: dict[str, Any]) -> Path:
    """Write answers into a folder, in place of what stood there. Raises the errors of `disk.whole_file`."""
    known = [name for name in Answers.__struct_fields__ if given.get(name) not in (None, (), [], False, "")]
    lines = [f"{name.replace('_', '-')} = {_value(given[name])}\n" for name in known]
    path = folder / FILE
    with disk.whole_file(path) as out:
        out.write(("# What `stall pack build` asked about these files. It is not packed.\n" + "".join(lines)).encode())
    return path


def _value(value: object) -> str:
    """JSON of texts, numbers, truths and lists of texts is TOML, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _unreadable(path: Path, why: str) -> Refused:
    return Refused("answers-unreadable", f"“{path}” cannot be used ({why}). Correct it, or take it away to be asked.")
