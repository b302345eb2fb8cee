"""The printed schemas take every good vector, and refuse what the codes `member-…` refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.schemas import DOCUMENTS, Schema, schema
from tests.house.sources import ROOT

#: What our schemas are written with; another word would need another line in `fits`.
WORDS = {
    "$schema", "$id", "title", "$comment", "$defs", "$ref", "type", "properties", "required", "additionalProperties", "enum",
    "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "items", "prefixItems", "minItems", "maxItems",
}  # fmt: skip
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
SIBLINGS = {"receipt": ("receipt", "refund", "void")}


def fits(value: Any, rule: Schema, parts: dict[str, Schema]) -> bool:
    """Whether a value fits a schema, as far as ours use the language."""
    if "$ref" in rule:
        return fits(value, parts[rule["$ref"].removeprefix("#/$defs/")], parts)
    if "const" in rule or "enum" in rule:
        return any(value == each and type(value) is type(each) for each in rule.get("enum", [rule.get("const")]))
    if type(value) is not TYPES.get(rule.get("type", ""), type(value)):
        return False
    checks: dict[type, Any] = {str: _text_fits, int: _number_fits, list: _list_fits, dict: _object_fits}
    check = checks.get(type(value))
    return check is None or bool(check(value, rule, parts))


def _text_fits(value: str, rule: Schema, _: dict[str, Schema]) -> bool:
    long_enough = rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", len(value))
    return long_enough and re.search(_python(rule.get("pattern", "")), value) is not None


def _number_fits(value: int, rule: Schema, _: dict[str, Schema]) -> bool:
    return bool(rule.get("minimum", value) <= value <= rule.get("maximum", value))


def _list_fits(value: list[Any], rule: Schema, parts: dict[str, Schema]) -> bool:
    first, others = rule.get("prefixItems", []), rule.get("items")
    behind = value[len(first) :]
    if others is False and behind:
        return False
    counted = rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", len(value))
    pairs = [*zip(value, first, strict=False), *((each, others) for each in behind if isinstance(others, dict))]
    return bool(counted) and all(fits(each, its, parts) for each, its in pairs)


def _object_fits(value: dict[str, Any], rule: Schema, parts: dict[str, Schema]) -> bool:
    members = rule.get("properties", {})
    if not set(rule.get("required", ())) <= value.keys():
        return False
    if rule.get("additionalProperties", True) is False and not value.keys() <= members.keys():
        return False
    return all(fits(each, members[name], parts) for name, each in value.items() if name in members)


def _python(pattern: str) -> str:
    return pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern


def cases(name: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Every document of the golden vectors, and the code it is refused with."""
    for kind in SIBLINGS.get(name, (name,)):
        path = ROOT / f"tests/wire/vectors/{kind}.json"
        if not path.exists():
            continue
        vectors = json.loads(path.read_text(encoding="utf-8"))
        for case in [*vectors["valid"], *vectors["invalid"]]:
            content = case.get("claims", case.get("document"))
            if isinstance(content, dict):
                yield content, case.get("code")


def words(rule: Any) -> Iterator[str]:
    if not isinstance(rule, dict):
        return
    for name, each in rule.items():
        yield name
        inside = each.values() if name in {"properties", "$defs"} else each if isinstance(each, list) else [each]
        for part in inside:
            yield from words(part)


def patterns(rule: Any) -> Iterator[str]:
    inside = rule.values() if isinstance(rule, dict) else rule if isinstance(rule, list) else ()
    if isinstance(rule, dict) and isinstance(rule.get("pattern"), str):
        yield rule["pattern"]
    for each in inside:
        yield from patterns(each)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_good_vector_fits_its_schema(name: str) -> None:
    whole = schema(name)
    good = [content for content, code in cases(name) if code is None]
    assert len(good) >= 3
    assert all(fits(content, whole, whole.get("$defs", {})) for content in good)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_member_code_refuses_does_not_fit(name: str) -> None:
    whole = schema(name)
    refused = [
        content for content, code in cases(name) if (code or "").startswith("member-") and "null" not in str(code)
    ]
    assert len(refused) >= 5
    assert [content for content in refused if fits(content, whole, whole.get("$defs", {}))] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_uses_only_words_and_patterns_every_language_has(name: str) -> None:
    assert set(words(schema(name))) <= WORDS
    for pattern in patterns(schema(name)):
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        assert re.search(r"\\Z|\(\?|[+*}]\+", pattern) is None, pattern


def test_null_fits_nowhere() -> None:
    whole = schema("receipt")
    good = next(content for content, code in cases("receipt") if code is None)
    assert not fits(good | {"code": None}, whole, whole["$defs"])


def test_the_folder_holds_the_printed_schemas_and_nothing_else() -> None:
    assert {path.stem for path in (ROOT / "docs/schemas").iterdir()} == set(DOCUMENTS)
