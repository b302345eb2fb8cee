"""Every golden vector of a single paper as a question to a reader in JavaScript: `reader/questions.mjs` answers them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.house.sources import ROOT

VECTORS = ROOT / "tests/wire/vectors"
BETWEEN = ("grades", "heap_numbers", "heap_takeback", "heap_versions")
"""Files about what papers say of each other."""

KINDS = sorted({path.stem for path in VECTORS.glob("*.json")} - {*BETWEEN})
_FRAME = {"document", "section", "rule", "keys", "trusted", "valid", "invalid"}

NODE = shutil.which("node")
_READER = ROOT / "tests/interop/reader/main.mjs"

Answer = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """One golden vector: what the reader is asked, the code it must answer with (None: it must accept), what it finds."""

    name: str
    asked: dict[str, Any]
    code: str | None
    found: dict[str, Any]


def vectors(kind: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((VECTORS / f"{kind}.json").read_text(encoding="utf-8"))
    return content


def trusted() -> dict[str, str]:
    """Whose signatures are known in every file: public keys in hex, by kid."""
    given = vectors("receipt")
    return {given["keys"][name]["kid"]: given["keys"][name]["public"] for name in given["trusted"]}


def questions(kind: str) -> Iterator[Question]:
    """The cases of one file."""
    given = vectors(kind)
    head = {name: value for name, value in given.items() if name not in _FRAME}
    if kind == "tlog_proof":  # where a case is about a cosigner, the creator and drop it signs for
        head |= {"creator": given["keys"]["creator"]["did"], "drop": "night-prints"}
    for number, case in enumerate([*given["valid"], *given["invalid"]]):
        own = {case["key"]["kid"]: case["key"]["public"]} if "key" in case else {}
        asked = {**head, **case, "kind": kind, "trusted": trusted() | own}
        code = asked.pop("code", None) if "rule" in case else None
        if "document" in case:
            asked["document"] = json.dumps(case["document"], ensure_ascii=False)
        yield Question(f"{kind}: {case.get('rule', number)}", asked, code, case)


def all_questions() -> list[Question]:
    return [one for kind in KINDS for one in questions(kind)]


def answered_by_node(asked: Iterable[Mapping[str, Any]]) -> list[Answer]:
    """What the modules of verify/ answer on Node, all in one process."""
    lines = "".join(json.dumps(one) + "\n" for one in asked)
    ran = subprocess.run(
        [NODE or "node", str(_READER)], input=lines, capture_output=True, encoding="utf-8", timeout=50, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return [json.loads(line) for line in ran.stdout.split("\n") if line]


def parted(asked: Iterable[Question], answers: Iterable[Answer]) -> dict[str, object]:
    """Where the answers are others than the vectors say: in verdict, code, or what was found."""
    return {one.name: said for one, said in zip(asked, answers, strict=True) if not _agrees(one, said)}


def _agrees(one: Question, said: Answer) -> bool:
    if one.code is not None:
        return (said["ok"], said.get("code")) == (False, one.code)
    return said["ok"] is True and all(one.found[name] == value for name, value in said["found"].items())
