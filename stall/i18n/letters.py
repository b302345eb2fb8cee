"""Letters: where systems keep Noto Sans CJK, which does not come with the stall, what cannot be set without it, what is read from the right."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from stall.i18n.languages import DEFAULT

#: Where systems keep it; on Debian it comes with fonts-noto-cjk.
CJK = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc"),
)
_NEED_IT = frozenset({"ja"})
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def cjk(paths: Sequence[Path] = CJK) -> Path | None:
    """The file of Noto Sans CJK on this system, or None."""
    return next((path for path in paths if path.is_file()), None)


def can_set(lang: str) -> bool:
    """Whether a language of ours can be set in the letters this system has."""
    return lang not in _NEED_IT or cjk() is not None


def settable(lang: str) -> str:
    """A language of ours, or the one everybody is spoken to where its letters are not on this system."""
    return lang if can_set(lang) else DEFAULT


def is_right_to_left(text: str) -> bool:
    """Whether any of a text is read from the right, so that its signs must be put in order and shaped."""
    return any(unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT for sign in text)
