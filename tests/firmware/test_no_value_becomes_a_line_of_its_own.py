"""Whatever stands in the settings, a file keeps its form: a value ends no line and no quotation, or it is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stall.box.config import files, places, render
from stall.box.config.boards import Board, Radio
from stall.box.config.values import values
from stall.errors import Broken
from stall.settings import Network, Settings, Wifi

TEMPLATES = {
    path.relative_to(folder).as_posix(): path.read_text("utf-8")
    for folder in (files.SHIPPED, files.UNITS)
    for path in sorted(folder.rglob("*"))
    if path.is_file()
}
BOARD = Board("pi4", radio=Radio("brcmfmac", "43455"))
KNOWN = values(Settings(wifi=Wifi("Paper Lantern", "four words of it")), BOARD)
#: Fits everywhere.
HARMLESS = "80808080"
#: The templates with every part that stays on some machine, and a value for every name.
WHOLE = {name: re.sub(r"(?m)^[ \t]*@(?:if [^@\n]*|end)@[ \t]*\n", "", text) for name, text in TEMPLATES.items()}
PUT = re.compile(r"@([a-z][a-z0-9_]*)@")
GIVEN = {name: value or HARMLESS for name, value in KNOWN.items()}
#: What ends something, or begins a comment, in any of the languages.
MEANS = "\n\r\x0b\x0c\x1c\x85\u2028\0\t \"'`;{}()$%\\<>|&#"
#: In the file of hostapd a value goes up to the end of its line.
FREE = {
    "password": set(MEANS) - {"\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\0", "\t"},
    "ssid": {" "},
    "reader_symlink": {"#"},
}
HOSTILE = st.one_of(
    st.text(st.sampled_from(MEANS + "ab1./:@"), max_size=12),
    st.text(max_size=70),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=70),
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_name_a_template_asks_for_is_given(name: str) -> None:
    assert render.names(TEMPLATES[name]) <= set(KNOWN)


def test_every_setting_that_is_given_is_asked_for_by_a_template() -> None:
    asked = set().union(*map(render.names, TEMPLATES.values()))
    assert {name for name, value in KNOWN.items() if not str(value).startswith("/")} - asked - {
        "group",
        "user",
    } == set()


@pytest.mark.parametrize("name", [name for name, text in WHOLE.items() if PUT.search(text)])
@settings(max_examples=40)
@given(data=st.data())
def test_a_value_is_refused_or_stays_within_its_place(name: str, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(set(PUT.findall(WHOLE[name])))))
    hostile = data.draw(HOSTILE)
    harmless = render.text(WHOLE[name], {**GIVEN, key: HARMLESS}, name)
    try:
        text = render.text(WHOLE[name], {**GIVEN, key: hostile}, name)
    except Broken:
        return
    for sign in set(MEANS) - FREE.get(key, set()):
        assert text.count(sign) == harmless.count(sign)
    assert len(text.splitlines()) == len(harmless.splitlines())


@settings(max_examples=50)
@given(
    name=st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,30}[A-Za-z0-9._-])?", fullmatch=True),
    password=st.from_regex(r"[!-~][ -~]{6,61}[!-~]", fullmatch=True),
)
def test_hostapd_reads_the_name_and_password_that_stand_in_the_settings(name: str, password: str) -> None:
    try:
        wifi = Wifi(name, password)
    except ValueError:
        return  # hexadecimal digits alone, which phones would misread
    text = files.one(places.HOSTAPD, Settings(wifi=wifi, network=Network(country="DE")), BOARD).decode()
    read = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    assert (read["ssid2"], read["wpa_passphrase"]) == (f'"{name}"', password)


def test_a_part_stays_or_goes_as_a_whole() -> None:
    template = "a\n  @if on@\nb @x@\n@end@\n@if not on@\nc\n@end@\nd"
    assert render.text(template, {"on": True, "x": 7}) == "a\nb 7\nd"
    assert render.text(template, {"on": "", "x": 7}) == "a\nc\nd"


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("@missing@", "config-name-unknown"),
        ("@if missing@\n@end@\n", "config-name-unknown"),
        ("@if on@\n", "config-template-malformed"),
        ("@end@\n", "config-template-malformed"),
        ("@if on@\n@if on@\n@end@\n@end@\n", "config-template-malformed"),
        ("x @empty@", "config-value-unfit"),
    ],
)
def test_a_template_that_is_not_whole_is_said(template: str, code: str) -> None:
    with pytest.raises(Broken) as said:
        render.text(template, {"on": True, "empty": ""}, "a file")
    assert said.value.code == code
    assert "a file" in said.value.sentence


def test_no_template_has_a_comment_behind_a_value_that_goes_to_the_end_of_its_line() -> None:
    for line in TEMPLATES["hostapd/hostapd.conf"].splitlines():
        assert not re.search(r"=.*\s#", line)
