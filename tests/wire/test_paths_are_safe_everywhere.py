"""Path grammar: what may be a file's name in a pack."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import StallError, WireError
from stall.wire import paths


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "prints/01.png",
        ".hidden",
        "a..b",
        "Zoë/夜.jpg",
        "a b/c d",
        "1/2/3/4/5/6/7/8",
        "console.txt",
        "com10",
        "x" * 100,
        "nul-2/aux_",
        "…",
        "ü" * 100,
    ],
)
def test_ordinary_names_are_allowed(path: str) -> None:
    assert paths.check(path) == path


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "path-escapes"),
        ("/a", "path-escapes"),
        ("a/", "path-escapes"),
        ("a//b", "path-escapes"),
        ("..", "path-escapes"),
        ("a/../b", "path-escapes"),
        ("./a", "path-escapes"),
        ("..\\a", "path-bad-character"),
        ("a\\b", "path-bad-character"),
        ("C:a", "path-bad-character"),
        ("a*", "path-bad-character"),
        ("a?", "path-bad-character"),
        ('a"', "path-bad-character"),
        ("a<b>|", "path-bad-character"),
        ("a\x00b", "path-bad-character"),
        ("a\nb", "path-bad-character"),
        ("a\x7f", "path-bad-character"),
        ("a\u202egpj.exe", "path-bad-character"),
        ("a\ufeff", "path-bad-character"),
        ("a\u200b", "path-bad-character"),
        ("a\u2028", "path-bad-character"),
        ("a\ue000", "path-bad-character"),
        ("a\u0378", "path-unassigned"),
        ("a\U0001fae8", "path-unassigned"),
        ("\u0cf3\u0301", "path-unassigned"),
        ("a\ud800", "path-bad-character"),
        (" a", "path-bad-edge"),
        ("a ", "path-bad-edge"),
        ("a.", "path-bad-edge"),
        ("a./b", "path-bad-edge"),
        ("...", "path-bad-edge"),
        ("CON", "path-reserved"),
        ("con.txt", "path-reserved"),
        ("a/Aux.tar.gz", "path-reserved"),
        ("lpt9.x", "path-reserved"),
        ("COM0", "path-reserved"),
        ("nul .txt", "path-reserved"),
        ("com\u00b9", "path-reserved"),
        ("e\u0301", "path-not-nfc"),
        ("x" * 101, "path-too-long"),
        ("夜" * 86, "path-too-long"),
        ("1/2/3/4/5/6/7/8/9", "path-too-long"),
        ("/".join(["x" * 100] * 6), "path-too-long"),
    ],
)
def test_a_dangerous_name_is_refused_by_its_rule(path: str, code: str) -> None:
    with pytest.raises(WireError) as caught:
        paths.check(path)
    assert caught.value.code == code
    assert caught.value.sentence.isprintable()


@given(st.text("aA./\\ :\u202eé\x00*", max_size=12) | st.text(max_size=30))
def test_what_is_allowed_stays_inside_its_folder(path: str) -> None:
    try:
        paths.check(path)
    except StallError:
        return
    for kind in (PurePosixPath, PureWindowsPath):
        joined = kind("pack") / path
        assert joined.parts[0] == "pack"
        assert ".." not in joined.parts
        assert len(joined.parts) == len(path.split("/")) + 1


@pytest.mark.parametrize(
    "both",
    [["a", "A"], ["a", "a"], ["straße", "STRASSE"], ["x/\uff21", "x/a"], ["ﬁ", "fi"], ["K", "\u212a".casefold()]],
)
def test_names_some_system_would_confuse_are_refused(both: list[str]) -> None:
    with pytest.raises(WireError) as caught:
        paths.check_all(both)
    assert caught.value.code == "path-not-unique"


@pytest.mark.parametrize("both", [["a", "a/b"], ["x/y/z", "X"]])
def test_a_file_is_not_the_folder_of_another(both: list[str]) -> None:
    with pytest.raises(WireError) as caught:
        paths.check_all(both)
    assert caught.value.code == "path-is-folder"


def test_different_names_are_returned_in_their_order() -> None:
    given_paths = ["b/x", "a", "b/y", "ab"]
    assert paths.check_all(given_paths) == given_paths
