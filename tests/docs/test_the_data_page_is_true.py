"""docs/data.md: every member it names is answered, every member answered is named, and its examples are answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from stall.domain.drop import Offer
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import PRINTS
from tests.house.sources import ROOT

PAGE = (ROOT / "docs/data.md").read_text(encoding="utf-8")
#: What is of this box, or of the library that drew a picture, and another each time.
ITS_OWN = {"cover", "did", "thumbprint", "epoch", "delegations"}


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder: Path = tmp_path_factory.mktemp("data") / "box"
    stock.stock(folder, FakeClock())
    stocked = stock.copy(folder, folder.with_name("copy"))
    app = create_buyer_app(stocked.box)
    yield app.test_client()
    shop_of(app).stop()
    stocked.box.close()


def example(address: str) -> Any:
    found = re.search(rf"<!-- example: {re.escape(address)} -->\n```json\n(.*?)\n```", PAGE, re.DOTALL)
    assert found, address
    return json.loads(found[1])


def named(heading: str) -> set[str]:
    part = PAGE.partition(f"## `{heading}`\n")[2].partition("\n## ")[0]
    return {row for row in re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE) if row != "member"}


def paths(value: object, at: str = "") -> Iterator[str]:
    """The members of a document, as the tables write them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            below = f"{at}.{name}" if at else name
            if (
                not isinstance(inner, dict | list)
                or below == "drops"
                or (isinstance(inner, list) and inner and isinstance(inner[0], str))
            ):
                yield below if not isinstance(inner, list) or below == "drops" else f"{below}[]"
            yield from paths(inner, below)
    elif isinstance(value, list):
        for one in value:
            yield from paths(one, f"{at}[]")


def without_its_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: type(inner) if name in ITS_OWN else without_its_own(inner) for name, inner in value.items()}
    return [without_its_own(one) for one in value] if isinstance(value, list) else value


def test_the_catalogue_answers_what_the_page_says(visitor: FlaskClient) -> None:
    answer = json.loads(visitor.get("/catalog.json").data)
    assert named("/catalog.json") == set(paths(answer))
    answer["drops"] = [drop for drop in answer["drops"] if drop["id"] == PRINTS]
    shown = example("/catalog.json")
    assert without_its_own(answer) == without_its_own(shown)
    assert list(shown["drops"][0]) == [
        row.removeprefix("drops[].").partition(".")[0] for row in _rows() if row != "drops[].price.minor"
    ]


def _rows() -> list[str]:
    part = PAGE.partition("## `/catalog.json`\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(drops\[\]\.[^`]+)` \|", part, re.MULTILINE)


def test_the_keys_answer_what_the_page_says(visitor: FlaskClient) -> None:
    answer = json.loads(visitor.get("/keys.json").data)
    assert named("/keys.json") == set(paths(answer))
    assert without_its_own(answer) == without_its_own(example("/keys.json"))


def test_what_is_always_there_is_always_there(visitor: FlaskClient) -> None:
    part = PAGE.partition("## `/catalog.json`\n")[2].partition("\n## ")[0]
    always = {
        row.removeprefix("drops[].") for row in re.findall(r"^\| `(drops\[\]\.\w+)` \| yes \|", part, re.MULTILINE)
    }
    for drop in json.loads(visitor.get("/catalog.json").data)["drops"]:
        assert always <= set(drop)
        assert ("edition" in drop) == ("remaining" in drop)


@pytest.mark.parametrize(
    ("address", "mimetype"),
    [
        ("/catalog.json", "application/json"),
        ("/keys.json", "application/json"),
        (f"/drops/{PRINTS}/manifest.jws", "application/jose"),
    ],
)
def test_an_answer_is_kept_until_it_changes(visitor: FlaskClient, address: str, mimetype: str) -> None:
    first = visitor.get(address)
    etag = first.headers["ETag"]
    assert (first.mimetype, first.headers["Cache-Control"]) == (mimetype, "no-cache")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert visitor.head(address).headers["ETag"] == etag
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = visitor.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag), known
        assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert visitor.get(address, headers={"If-None-Match": '"other"'}).data == first.data


def test_the_states_are_those_there_are() -> None:
    row = re.search(r"^\| `drops\[\]\.state` \| yes \| (.*) \|$", PAGE, re.MULTILINE)
    assert row
    assert set(re.findall(r"`(\w+)`", row[1])) == {offer.value for offer in Offer}


def test_what_is_not_there_says_so_as_data(visitor: FlaskClient) -> None:
    answer = visitor.get("/drops/nothing/manifest.jws")
    assert (answer.status_code, set(json.loads(answer.data))) == (404, {"error", "sentence"})
