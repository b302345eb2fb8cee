"""What travels in a PDF or PNG is found by the page where `stall verify` finds it, however the file was made, and without looking for ever."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import zlib
from random import Random

import pytest

from stall.wire import inside
from tests.house.sources import ROOT
from tests.interop.questions import NODE

TAKEN = """
import { carriedBy } from "./verify/papers.mjs";
import { readFileSync } from "node:fs";
const found = readFileSync(0, "utf8").trim().split("\\n").map((one) => carriedBy(Uint8Array.from(Buffer.from(one, "base64"))));
console.log(JSON.stringify(found.map((each) => each?.map((one) => Buffer.from(one).toString("base64")))));
"""
LARGE = 1 << 20
PARTS = [
    b"<< ", b">>", b">> ", b" obj", b"1 0 obj\n", b"endobj", b"/Filter ", b"/EmbeddedFile", b"/Type /EmbeddedFile ", b"/Length 2 ",
    b"/Length 00 ", b"/Length 3 0 R ", b"/Length\xa07", b"stream\n", b"stream\r\n", b"stream", b"{}", b"\n", b"\xa0", b"\x0b", b"x" * 700,
]  # fmt: skip
WHOLE = b"1 0 obj\n<< /Type /EmbeddedFile /Length 2 >>\nstream\n{}\nendstream\nendobj\n"

pytestmark = pytest.mark.node


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


OURS = chunk(b"iTXt", inside.KEYWORD + bytes(5) + b"{}")


def files() -> list[bytes]:
    """The file forms, hundreds of mixtures of their parts, and large ones made to be looked at for ever."""
    random = Random(8)
    mixed = [b"%PDF-1.4\n" + b"".join(random.choices(PARTS, k=random.randint(4, 14))) + WHOLE for _ in range(400)]
    large = [
        b"%PDF-1.4\n" + one * (LARGE // len(one)) + WHOLE
        for one in (b"/EmbeddedFile", b" obj<</Type/EmbeddedFile>> ", b"<< /Type /EmbeddedFile >>" + b" " * 400)
    ]
    counted = [b"%PDF-1.4\n" + b"/EmbeddedFile " * many + b" " * 3000 + WHOLE for many in (62, 63, 64, 65)]
    pictures = [
        inside.PNG + chunk(b"tEXt", b"") * 4095 + OURS,
        inside.PNG + chunk(b"tEXt", b"") * 4096 + OURS,
        inside.PNG + chunk(b"IEND", b"") + OURS * 12,
        inside.PNG + OURS[:-1] + b"x" + OURS,
        inside.PNG + OURS[:-5],
    ]
    return [b"%PDF-1.4\n" + WHOLE * 2, *mixed, *large, *counted, *pictures]


def test_the_page_takes_the_same_papers_out_of_any_pdf_and_png_and_is_done_soon() -> None:
    made = files()
    ran = subprocess.run(
        [NODE or "node", "--input-type=module", "-e", TAKEN],
        cwd=ROOT,
        input="".join(base64.b64encode(one).decode() + "\n" for one in made),
        capture_output=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )
    assert ran.stderr == ""
    there = [[base64.b64decode(one) for one in each] for each in json.loads(ran.stdout)]
    here = [inside.papers(one) for one in made]
    assert [one[:80] for one, a, b in zip(made, here, there, strict=True) if a != b] == []
    assert {len(one) for one in here} >= {0, 1, 2, 10}
