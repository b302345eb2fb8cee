"""Letters that do not come with the stall: where systems keep Noto Sans CJK, and which languages cannot be set without it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

#: Where systems keep it; on Debian it comes with fonts-noto-cjk.
CJK = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc"),
)
_NEED_IT = frozenset({"ja"})


def cjk(paths: Sequence[Path] = CJK) -> Path | None:
    """The file of Noto Sans CJK on this system, or None."""
    return next((path for path in paths if path.is_file()), None)


def can_set(lang: str) -> bool:
    """Whether a language of ours can be set in the letters this system has."""
    return lang not in _NEED_IT or cjk() is not None
