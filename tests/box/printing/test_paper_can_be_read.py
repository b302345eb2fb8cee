"""What a document comes to on paper: asserted as bytes, and read again from the picture that a printer would make of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stall.box.printer import escpos, lettering, squares
from stall.box.printer.escpos import Ability
from stall.box.printer.lettering import Lettering
from stall.box.printer.paper import (
    ROLLS,
    Block,
    Cut,
    Heading,
    Kick,
    Mark,
    Qr,
    Row,
    Rule,
    Table,
    Text,
)
from stall.errors import Refused
from tests.box.printing import paper_reader
from tests.box.printing.paper_reader import Printed

LINK = "HTTP://192.168.4.1:8000/T/0123456789ABCDEFGHJKMNPQRS"
NO_CJK = Lettering(lettering.vendored())


def printed(*blocks: Block, width_mm: int = 58, code_page: str = "cp858", own: Lettering = NO_CJK) -> Printed:
    return paper_reader.read(escpos.encode(blocks, Ability(width_mm, code_page), own), width_mm)


def test_the_bytes_begin_with_a_printer_set_to_letters_of_europe() -> None:
    assert escpos.encode((), Ability(), NO_CJK) == b"\x1b@\x1c.\x1bt\x13"
    assert escpos.encode((), Ability(code_page="cp866"), NO_CJK) == b"\x1b@\x1c.\x1bt\x11"
    assert escpos.encode((), Ability(code_page="cp866:7"), NO_CJK) == b"\x1b@\x1c.\x1bt\x07"


def test_words_of_the_code_page_are_sent_as_letters() -> None:
    data = escpos.encode((Row("Größe", "€4,50"), Cut()), Ability(), NO_CJK)
    assert data == b"\x1b@\x1c.\x1bt\x13Gr\x94\xe1e" + b" " * 22 + b"\xd54,50\n" + b"\x1bd\x06\x1dV\x01"


def test_the_drawer_is_kicked_on_its_first_pin() -> None:
    assert escpos.encode((Kick(),), Ability(), NO_CJK).endswith(b"\x1bp\x00\x32\x32")
    assert printed(Kick()).kicks == 1


@pytest.mark.parametrize("width_mm", [58, 80])
def test_a_phone_reads_the_code_from_the_paper(width_mm: int) -> None:
    out = printed(Text("before"), Qr(LINK), Text("after"), width_mm=width_mm)
    assert out.codes == [LINK]
    assert squares.module_dots(LINK, ROLLS[width_mm].dots) >= 4


def test_the_code_stands_in_the_middle_with_its_quiet_zone() -> None:
    picture = squares.drawn(LINK, 384)
    left, top, right, bottom = picture.convert("L").point(lambda level: 255 - level).getbbox() or (0, 0, 0, 0)
    assert abs(left - (384 - right)) <= 1
    assert top == picture.height - bottom == 4 * squares.module_dots(LINK, 384)


@pytest.mark.parametrize("length", [20, 60, 120, 200, 1000])
def test_a_module_has_four_dots_or_the_code_is_refused(length: int) -> None:
    text = "HTTP://" + "A" * length
    if length > 200:
        with pytest.raises(Refused) as refused:
            printed(Qr(text))
        assert refused.value.code == "print-code-too-long"
    else:
        assert squares.module_dots(text, 384) >= 4
        assert printed(Qr(text)).codes == [text]


def test_the_printers_own_command_may_draw_the_code() -> None:
    data = escpos.encode((Qr(LINK),), Ability(native_qr=True), NO_CJK)
    out = paper_reader.read(data)
    assert out.native == [(LINK, 6)]
    assert "code at 1" in out.commands
    assert b"\x1d(k\x03\x001Q0" in data
    assert out.bands == []


@pytest.mark.parametrize(
    ("title", "code_page"),
    [
        ("Grüße aus Köln", "cp858"),
        ("Łódź wieczorem", "cp852"),
        ("Καλημέρα κόσμε", "cp737"),
        ("Привет мир", "cp866"),
    ],
)
def test_a_language_the_printer_has_letters_for_needs_no_picture(title: str, code_page: str) -> None:
    out = printed(Row(title, "4.50"), code_page=code_page)
    assert out.bands == []
    assert out.words == [f"{title}{'4.50'.rjust(32 - len(title))}"]


@pytest.mark.parametrize(
    "title", ["Łódź wieczorem", "Καλημέρα κόσμε", "Привет мир", "Việt Nam", "שלום עולם", "مرحبا بالعالم"]
)
def test_every_other_alphabet_is_drawn_with_our_own_letters(title: str) -> None:
    out = printed(Row(title, "€4.50"))
    assert out.words == []
    assert out.bands == [(384, 30)]
    ours = NO_CJK.draw(title, "€4.50", 384, bold=False, centred=False, scale=1).convert("1")
    assert out.paper.crop((0, 0, 384, 30)).tobytes() == padded(ours).tobytes()
    assert NO_CJK.printable(title) == (title, True)


def padded(picture: Image.Image) -> Image.Image:
    paper = Image.new("1", (384, 30), 1)
    paper.paste(picture, (0, 0))
    return paper


def test_with_the_code_page_raster_only_plain_letters_are_left_to_the_printer() -> None:
    out = printed(Text("plain"), Text("Größe"), code_page="raster")
    assert out.words == ["plain"]
    assert len(out.bands) == 1


def test_what_nobody_has_letters_for_is_said_in_a_sentence_and_never_a_box() -> None:
    out = printed(Row("Party 🎉🎉 time", "€3.00"), Row("日本語のタイトル", "€3.00"), Cut())
    assert out.bands == []
    assert out.words[0].startswith("Party [...] time ")
    assert out.words[1].startswith("[...] ")
    said = " ".join(out.words[2:])
    assert said == "Where [...] stands, this printer has no letters for what belongs there."
    assert out.cuts == 1


def test_chinese_japanese_and_korean_are_drawn_where_the_system_has_the_face() -> None:
    faces = lettering.of_system()
    if not faces:
        pytest.skip("this system has no Noto Sans CJK")
    own = Lettering((*lettering.vendored(), *faces))
    for title in ("日本語のタイトル", "中文标题", "한국어 제목"):
        assert own.printable(title) == (title, True)
        out = printed(Row(title, "¥300"), own=own)
        assert (out.words, len(out.bands)) == ([], 1)


def test_a_face_is_looked_for_where_systems_keep_it(tmp_path: Path) -> None:
    here = tmp_path / "NotoSansCJK-Regular.ttc"
    assert lettering.of_system((tmp_path / "absent.ttc", here)) == ()
    here.write_bytes((lettering.FONTS / "DejaVuSans.ttf").read_bytes())
    assert [face.path for face in lettering.of_system((tmp_path / "absent.ttc", here))] == [here]


def test_a_sign_that_only_a_later_face_has_is_drawn_from_it() -> None:
    mono, sans = lettering.vendored()
    only_sans = "ש"
    assert Lettering((mono,)).printable(only_sans) == (lettering.MISSING, False)
    assert Lettering((mono, sans)).printable(only_sans) == (only_sans, True)


def test_words_read_from_the_right_are_drawn_in_their_order_or_not_at_all() -> None:
    without = Lettering(lettering.vendored(), right_to_left=False)
    assert without.printable("Album שלום vol 2") == ("Album [...] vol 2", False)
    assert NO_CJK.printable("Album שלום vol 2") == ("Album שלום vol 2", True)
    alef, bet = (NO_CJK.draw(sign, "", 384, bold=False, centred=False, scale=1) for sign in "אב")
    both = NO_CJK.draw("אב", "", 384, bold=False, centred=False, scale=1)
    assert both.width > max(alef.width, bet.width)
    first_drawn = both.crop((0, 0, bet.width, both.height))
    assert first_drawn.tobytes() == bet.tobytes(), "the second letter stands on the left of the first"


def test_joiners_and_controls_are_not_drawn() -> None:
    assert NO_CJK.printable("a\u200bb\x07c\u00a0d\ufe0f") == ("ab c d", True)
    assert printed(Text("two\nlines\x1b@ \x1d")).words == ["two lines @"]


@pytest.mark.parametrize("width_mm", [58, 80])
def test_two_hundred_lines_are_printed_in_small_pieces(width_mm: int) -> None:
    rows = [Row(f"Łódź wieczorem, odbitka {n}", f"€{n}.00") for n in range(200)]
    out = printed(Heading("Salt & Paper"), *rows, Qr(LINK), Cut(), width_mm=width_mm)
    assert len(out.bands) >= 200
    assert max(height for _, height in out.bands) <= 240
    assert out.codes == [LINK]
    assert out.cuts == 1


@pytest.mark.parametrize("width_mm", [58, 80])
def test_no_line_runs_off_the_paper(width_mm: int) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen und Zubehör"
    out = printed(
        Heading(long), Text(long), Row(long, "€1,234,567.00"), Row(long, "-€1.00", large=True), Mark("COPY"), Rule(),
        width_mm=width_mm,
    )  # fmt: skip
    assert "".join(out.words[-20:]).replace(" ", "").count("€1,234,567.00") == 1
    assert out.words[-1] == "-" * (32 if width_mm == 58 else 48)


def test_an_amount_stands_beside_the_last_of_its_words() -> None:
    out = printed(Row("A title that is longer than the paper is wide", "€4.50"))
    assert [line.rstrip() for line in out.words] == [
        "A title that is longer than the",
        "paper is wide              €4.50",
    ]


def test_a_table_too_wide_for_the_paper_stands_in_rows() -> None:
    head, row = ("VAT", "net", "VAT", "gross"), ("19 %", "8403361.34", "1596638.66", "10000000.00")
    assert printed(Table(head, (row,)), width_mm=80).words[1].split() == ["19", "%", *row[1:]]
    narrow = printed(Table(head, (row,)))
    assert narrow.words[0] == "VAT 19 %"
    assert narrow.words[3].split() == ["gross", "10000000.00"]


def test_the_library_leaves_no_log_no_folder_and_no_variable_behind(tmp_path: Path) -> None:
    script = (
        "import logging, os; before = dict(os.environ)\n"
        "from stall.box.printer import escpos; escpos.encode((), escpos.Ability())\n"
        "print(logging.getLogger().handlers, os.environ == before)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["[]", "True"]
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=60), st.sampled_from([58, 80]), st.sampled_from(["cp858", "cp866", "raster"]))
def test_no_word_of_anybody_can_command_the_printer_or_leave_the_paper(
    text: str, width_mm: int, code_page: str
) -> None:
    """The reader refuses unknown commands, lines that are too long and pictures wider than the paper."""
    out = printed(
        Heading(text), Text(text, bold=True), Text(f"  {text}"), Row(text, "-€1,234.00", large=True), Row(text, "€3"), Cut(),
        width_mm=width_mm, code_page=code_page,
    )  # fmt: skip
    assert out.cuts == 1
    assert out.kicks == 0
    assert out.commands[-1] == "cut"


@given(st.text(max_size=40))
def test_whatever_is_called_printable_has_a_letter_for_each_sign(text: str) -> None:
    shown, whole = NO_CJK.printable(text)
    assert NO_CJK.printable(shown) == (shown, True)
    assert whole or lettering.MISSING in shown
