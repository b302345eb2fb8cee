"""The receipt and the certificate that docs/implementers.md takes apart are the first golden vectors, to the byte."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from stall.wire import b64, base58, canonical, certificate, jws
from tests.house.sources import ROOT

PAGE = (ROOT / "docs/implementers.md").read_text(encoding="utf-8")


def first(name: str) -> dict[str, Any]:
    vectors = json.loads((ROOT / f"tests/wire/vectors/{name}.json").read_text(encoding="utf-8"))
    return {**vectors["valid"][0], "keys": vectors["keys"]}


def blocks(title: str) -> list[str]:
    """The fenced parts of a section, as one line each."""
    part = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [found.replace("\n", "") for found in re.findall(r"```\w+\n(.*?)```", part, re.DOTALL)]


def says(*facts: object) -> bool:
    return all(f"`{fact}`" in PAGE or f" {fact} " in PAGE for fact in facts)


def test_the_receipt_is_taken_apart_rightly() -> None:
    case = first("receipt")
    token = case["token"]
    head, claims, signature = token.split(".")
    assert blocks("A receipt, byte by byte") == [
        b64.decode(head).decode(), b64.decode(claims).decode(), b64.decode(signature).hex()
    ]  # fmt: skip
    box = case["keys"]["box"]
    signed = f"{head}.{claims}"
    assert says(box["public"], box["kid"], jws.token_hash(token), hashlib.sha256(signed.encode()).hexdigest())
    assert says(len(token), len(head), len(claims), len(signed))


def test_the_certificate_is_taken_apart_rightly() -> None:
    document = first("certificate")["document"]
    options = dict(document["proof"])
    value = options.pop("proofValue")
    bare = {name: each for name, each in document.items() if name != "proof"}
    proof, content = canonical.dumps(options), canonical.dumps(bare)
    shortened = content.decode().replace(document["evidence"][0]["jws"], "…")
    assert blocks("A certificate, byte by byte") == [proof.decode(), shortened, base58.decode(value[1:]).hex()]
    assert says(hashlib.sha256(proof).hexdigest(), hashlib.sha256(content).hexdigest(), value, len(proof), len(content))
    assert says(certificate.digest(document), len(canonical.dumps(document)))
