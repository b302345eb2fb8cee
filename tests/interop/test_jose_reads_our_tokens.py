"""Our tokens read by jose, a JavaScript library for signed tokens that knows nothing of ours; and what it signs, read by us.

`./setup.sh test` puts it into `jose/` where npm is there. What it signed is kept in `jose/signed.json`, so that needs no Node.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from stall.errors import WireError
from stall.wire import b64, jws
from tests.house.sources import ROOT
from tests.wire import casebook
from tests.wire import documents as doc
from tests.wire.make_vectors import FOLDER

NODE = shutil.which("node")
JOSE = ROOT / "tests/interop/jose"
OLDEST_NODE = 20  # the first whose Web Crypto is there unasked
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
KINDS = {"manifest", "delegation", "lease", "receipt", "refund", "void", "lease_return", "decline", "close"}

SIGNED: dict[str, Any] = json.loads((JOSE / "signed.json").read_text(encoding="utf-8"))


def run(script: str, lines: str = "") -> str:
    """Run one of the two scripts; skips where it cannot run."""
    if NODE is None:
        pytest.skip("Node is not on this machine")
    if not (JOSE / "node_modules/jose").is_dir():
        pytest.skip("jose is not installed in tests/interop/jose (./setup.sh test does it where npm is there)")
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"jose needs Node {OLDEST_NODE}, this is {version.strip()}")
    ran = subprocess.run(
        [NODE, str(JOSE / script)], input=lines, capture_output=True, encoding="utf-8", timeout=50, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def tokens_in(value: Any) -> Iterator[str]:
    """Every token in a vector, also those inside other papers."""
    if isinstance(value, str) and TOKEN.fullmatch(value):
        yield value
    elif isinstance(value, dict | list):
        for inside in value.values() if isinstance(value, dict) else value:
            yield from tokens_in(inside)


@cache
def vectors() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


WRONGLY_SIGNED = [case for case in vectors()["tokens"]["invalid"] if case["code"] == "token-bad-signature"]
UNDER_A_WEAK_KEY = next(case for case in vectors()["tokens"]["invalid"] if "key" in case)


def valid_tokens() -> dict[str, str]:
    """All of all vector files, each once, with where it stands."""
    return {token: name for name, file in vectors().items() for token in tokens_in(file["valid"])}


def flipped(token: str, segment: int) -> str:
    """The token with one bit turned, in the middle of its header, claims or signature."""
    parts = token.split(".")
    data = bytearray(b64.decode(parts[segment]))
    data[len(data) // 2] ^= 1
    parts[segment] = b64.encode(bytes(data))
    return ".".join(parts)


def question(token: str, signer: str) -> dict[str, str]:
    return {"token": token, "public": doc.TRUSTED[signer].hex()}


@pytest.fixture(scope="module")
def answers() -> dict[str, bool]:
    """What it says of every valid token, and of each with a bit turned in each part, in one process."""
    asked = []
    for token in valid_tokens():
        signer = jws.unverified_kid(token)
        asked += [question(one, signer) for one in (token, *(flipped(token, segment) for segment in range(3)))]
    older = SIGNED["older_name"]["token"]
    asked.append(question(older, doc.BOX.thumbprint))
    asked += [question(case["token"], doc.BOX.thumbprint) for case in WRONGLY_SIGNED]
    asked.append({"token": UNDER_A_WEAK_KEY["token"], "public": UNDER_A_WEAK_KEY["key"]["public"]})
    said = run("check.mjs", "".join(json.dumps(one) + "\n" for one in asked)).splitlines()
    return {one["token"]: json.loads(line)["ok"] for one, line in zip(asked, said, strict=True)}


def test_it_verifies_every_valid_token(answers: dict[str, bool]) -> None:
    assert [(name, token) for token, name in valid_tokens().items() if answers[token] is not True] == []


@pytest.mark.parametrize("segment", range(3), ids=["header", "claims", "signature"])
def test_it_verifies_none_with_a_bit_turned(answers: dict[str, bool], segment: int) -> None:
    assert [(name, token) for token, name in valid_tokens().items() if answers[flipped(token, segment)]] == []


@pytest.mark.parametrize("case", WRONGLY_SIGNED, ids=lambda case: case["rule"])
def test_it_checks_without_cofactor_as_we_do(answers: dict[str, bool], case: dict[str, Any]) -> None:
    assert answers[case["token"]] is False


def test_it_takes_the_key_it_is_given_whatever_that_is(answers: dict[str, bool]) -> None:
    # The one token of all that it verifies and we refuse: whoever uses such a library asks the rules of section 3 first.
    assert answers[UNDER_A_WEAK_KEY["token"]] is True


def test_it_was_asked_about_every_kind_of_document() -> None:
    asked = {jws.unverified_typ(token) for token in valid_tokens()}
    assert asked == {vectors()[name]["typ"] for name in KINDS}
    assert len(valid_tokens()) > 60


def test_told_one_name_of_the_algorithm_it_refuses_the_older_one_too(answers: dict[str, bool]) -> None:
    assert answers[SIGNED["older_name"]["token"]] is False


def test_it_signs_today_what_it_signed_then() -> None:
    assert json.loads(run("sign.mjs")) == SIGNED, "in tests/interop/jose run node sign.mjs > signed.json"


def test_it_signed_one_of_every_kind_of_document() -> None:
    assert {one["document"] for one in SIGNED["valid"]} == KINDS


@pytest.mark.parametrize("one", SIGNED["valid"], ids=lambda one: one["document"])
def test_what_it_signed_holds_here(one: dict[str, Any]) -> None:
    ours = vectors()[one["document"]]["valid"][0]
    claims = jws.verify(one["token"], doc.TRUSTED, one["typ"])
    assert claims == ours["claims"]
    assert one["token"].split(".")[0] == ours["token"].split(".")[0]
    parse = casebook.documents()[one["document"]].parse
    assert parse is not None
    assert parse(claims) == parse(ours["claims"])


@pytest.mark.parametrize("one", SIGNED["valid"], ids=lambda one: one["document"])
def test_what_it_signed_holds_no_more_with_a_bit_turned(one: dict[str, Any]) -> None:
    for segment in (1, 2):
        with pytest.raises(WireError) as caught:
            jws.verify(flipped(one["token"], segment), doc.TRUSTED, one["typ"])
        assert caught.value.code == "token-bad-signature"


def test_what_it_signed_under_the_older_name_of_the_algorithm_is_refused_here() -> None:
    with pytest.raises(WireError) as caught:
        jws.verify(SIGNED["older_name"]["token"], doc.TRUSTED, SIGNED["older_name"]["typ"])
    assert caught.value.code == "token-bad-algorithm"
