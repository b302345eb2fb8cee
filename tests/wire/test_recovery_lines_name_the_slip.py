"""The recovery lines bring a key back however they are typed, and a slip is noticed and its line named."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stall.errors import LocalWireError, Refused, StallError
from stall.wire import recovery

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SEED = bytes(range(32))
LINES = ("0001 081G 8186 0VQC", "W40J 2GB1 G6GW 3Y8A", "RG24 9165 0N2R BWVM", "HG68 T3CE 1T7G Z273")

seeds = st.binary(min_size=32, max_size=32)


def refusal(*lines: str) -> Refused:
    with pytest.raises(Refused) as refused:
        recovery.decode(lines)
    return refused.value


@given(seeds)
def test_every_key_survives_being_written_down(seed: bytes) -> None:
    lines = recovery.encode(seed)
    assert recovery.decode(lines) == seed
    assert [[len(group) for group in line.split(" ")] for line in lines] == [[4] * 4] * 4
    assert not set("".join(lines)) & set("ILOU")


def test_lines_are_written_in_one_way() -> None:
    assert recovery.encode(SEED) == LINES


@given(seeds, st.sampled_from(["", " ", "-", "\u2013", "  "]), st.booleans())
def test_people_may_type_it_their_way(seed: bytes, between: str, lower: bool) -> None:
    typed = [line.replace(" ", between).replace("0", "O").replace("1", "l") for line in recovery.encode(seed)]
    assert recovery.decode([line.lower() if lower else line for line in typed]) == seed


def times(a: int, b: int) -> int:
    """Multiply in GF(32) by hand: shift, add, reduce by x⁵ + x² + 1."""
    total = 0
    while b:
        total ^= a if b & 1 else 0
        a = (a << 1) ^ (0b100101 if a & 16 else 0)
        b >>= 1
    return total


@given(seeds)
def test_each_line_is_a_word_of_the_code_its_description_names(seed: bytes) -> None:
    for number, line in enumerate(recovery.encode(seed), 1):
        signs = [number, *(ALPHABET.index(sign) for sign in line.replace(" ", ""))]
        for root in (2, 4, 8):
            value = 0
            for sign in signs:
                value = times(value, root) ^ sign
            assert value == 0


@settings(max_examples=50)
@given(st.integers(0, 3), st.dictionaries(st.integers(0, 15), st.integers(1, 31), min_size=1, max_size=3))
def test_up_to_three_wrong_signs_are_noticed_and_their_line_is_named(line: int, slips: dict[int, int]) -> None:
    signs = list(LINES[line].replace(" ", ""))
    for at, change in slips.items():
        signs[at] = ALPHABET[ALPHABET.index(signs[at]) ^ change]
    found = refusal(*LINES[:line], "".join(signs), *LINES[line + 1 :])
    assert found.code == "recovery-line"
    assert found.sentence.startswith(f"Line {line + 1} ")


@settings(max_examples=50)
@given(st.integers(0, 3), st.integers(0, 15), st.integers(1, 31))
def test_one_wrong_sign_is_pointed_at(line: int, at: int, change: int) -> None:
    signs = list(LINES[line].replace(" ", ""))
    right, signs[at] = signs[at], ALPHABET[ALPHABET.index(signs[at]) ^ change]
    found = refusal(*LINES[:line], "".join(signs), *LINES[line + 1 :])
    assert f"its sign {at + 1} is {right} and not {signs[at]}" in found.sentence


def test_two_signs_swapped_are_noticed() -> None:
    first = LINES[0].replace(" ", "")
    for at in range(15):
        swapped = first[:at] + first[at + 1] + first[at] + first[at + 2 :]
        if swapped != first:
            assert refusal(swapped, *LINES[1:]).code == "recovery-line"


def test_a_line_in_anothers_place_is_told_from_a_slip() -> None:
    found = refusal(LINES[1], LINES[0], *LINES[2:])
    assert found.sentence == "Line 1 is not as printed. It is line 2 of a sheet; type line 1 here."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "has 0 signs instead of 16"),
        (LINES[2][:-1], "has 15 signs"),
        (LINES[2] + "0", "has 17 signs"),
        ("U" + LINES[2][1:], "a sign that no sheet has"),
        ("ß" * 8, "a sign that no sheet has"),
        ("0" * 500, "a sign that no sheet has"),
    ],
)
def test_a_line_that_is_none_is_said_to_be(line: str, said: str) -> None:
    found = refusal(*LINES[:2], line, LINES[3])
    assert found.code == "recovery-line"
    assert said in found.sentence
    assert found.sentence.startswith("Line 3 ")


def test_what_is_wrong_with_a_line_is_said_plainly() -> None:
    assert refusal("ZZ" + LINES[0][2:], *LINES[1:]).sentence == (
        "Line 1 is not as printed. More than one of its signs is wrong: compare it with the sheet."
    )
    assert refusal("U" + LINES[0][1:], *LINES[1:]).sentence == (
        "Line 1 has a sign that no sheet has. There are only digits and letters, and never a U: compare it with the sheet."
    )


@pytest.mark.parametrize("lines", [(), LINES[:3], (*LINES, LINES[0])])
def test_a_sheet_has_four_lines(lines: tuple[str, ...]) -> None:
    assert refusal(*lines).code == "recovery-lines"


def test_lines_that_fit_and_are_no_key_are_refused() -> None:
    beyond = recovery._line(1, "Z" * 13)
    assert refusal(beyond, *LINES[1:]).code == "recovery-no-key"


def test_only_a_whole_key_is_written_down() -> None:
    with pytest.raises(LocalWireError):
        recovery.encode(SEED[1:])


def test_a_refusal_repeats_no_more_of_the_key_than_the_sign_it_points_at() -> None:
    wrong = "Z" + LINES[0][1:]
    sentence = refusal(wrong, *LINES[1:]).sentence
    assert not any(group in sentence for line in (wrong, *LINES) for group in line.split(" "))


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\n\n".join(LINES) + "\n",
        "A sheet of 2026\n"
        + "\r\n".join(f"   {number}.  {line}" for number, line in enumerate(LINES, 1))
        + "\nKeep it.",
        "\n".join(f"{number}: {line}" for number, line in enumerate(LINES, 1)),
    ],
)
def test_the_lines_are_found_in_a_text(text: str) -> None:
    assert recovery.decode(recovery.lines_of(text)) == SEED


@given(st.lists(st.text(max_size=30), max_size=6))
def test_garbage_raises_only_our_errors(lines: list[str]) -> None:
    with contextlib.suppress(StallError):
        recovery.decode(recovery.lines_of("\n".join(lines)))
    with contextlib.suppress(StallError):
        recovery.decode(lines)
