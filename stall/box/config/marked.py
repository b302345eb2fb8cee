"""Our part of a file that belongs to somebody else, put in and taken out so that every other byte stays as it was.

A file of lines gets a block between two comments at its end, the kernel's command line words between two words of ours; where they
stand already they are changed in place. Bytes in, bytes out: what else such a file holds is none of our business.
"""

from __future__ import annotations

from collections.abc import Sequence

from stall.errors import Broken

_BEGIN = b"# stall begins here (written by `stall appliance`)\n"
#: The same behind a last line that had no end: taken out, the line is again without.
_BEGIN_CUT = b"\n# stall begins here, with the line end before (written by `stall appliance`)\n"
_END = b"# stall ends here\n"
#: The kernel takes a word with a dot for a setting of a module, and says nothing of one that never comes.
_FIRST, _LAST = b" stall.begins ", b" stall.ends"


def lines(content: bytes) -> list[str]:
    """Our lines in a file. Raises Broken `config-marks-torn`."""
    return _parted(content)[2].decode("ascii", "replace").splitlines()


def with_lines(content: bytes, own: Sequence[str]) -> bytes:
    """A file with these lines of ours in it; with none of them, as it was before us. Raises Broken `config-marks-torn`."""
    before, begin, _, after = _parted(content)
    if not own:
        return before + after
    begin = begin or (_BEGIN_CUT if before and not before.endswith(b"\n") else _BEGIN)
    return before + begin + "".join(f"{line}\n" for line in own).encode("ascii") + _END + after


def _parted(content: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """What stands before our block, how it begins, its lines, and what stands behind; without one all stands before."""
    for begin in (_BEGIN_CUT, _BEGIN):
        before, found, rest = content.partition(begin)
        if found:
            body, end, after = rest.partition(_END)
            if (
                not end
                or _BEGIN in rest
                or _BEGIN_CUT in rest
                or (begin == _BEGIN and before and not before.endswith(b"\n"))
            ):
                raise _torn()
            return before, begin, body, after
    return content, b"", b"", b""


def words(content: bytes) -> list[str]:
    """Our words on the kernel's command line. Raises Broken `config-marks-torn`."""
    return _line(content)[1].decode("ascii", "replace").split()


def with_words(content: bytes, own: Sequence[str]) -> bytes:
    """A command line with these words of ours on it, which count because they come last. Raises Broken `config-marks-torn`."""
    before, _, after = _line(content)
    if not own:
        return before + after
    return before + _FIRST + " ".join(own).encode("ascii") + _LAST + after


def _line(content: bytes) -> tuple[bytes, bytes, bytes]:
    """The command line before our words, our words, and what stands behind them; without any, the line's end stands behind."""
    before, first, rest = content.partition(_FIRST)
    if not first:
        end = content.find(b"\n")
        return (content, b"", b"") if end < 0 else (content[:end], b"", content[end:])
    own, last, after = rest.partition(_LAST)
    if not last or b"\n" in own or _FIRST in rest or (after and not after[:1].isspace()):
        raise _torn()
    return before, own, after


def _torn() -> Broken:
    return Broken(
        "config-marks-torn",
        "The stall's part of a file of the system has lost its beginning or end. Remove what is left of it by hand and try again.",
    )
