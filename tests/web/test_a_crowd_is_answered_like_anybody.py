"""The short way of a take answers as the long way does, and leaves to it whatever is unusual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.flows.switch_drop import close_drop
from stall.web import ids
from stall.web.buyer import takes
from stall.web.buyer.takes import Takes
from stall.web.factory import shop_of
from tests.fakes.stock import PRINTS, SAMPLER, Stocked

ORIGIN = "http://localhost"


def take(client: FlaskClient, press: str, *, drop: str = SAMPLER, **more: Any) -> TestResponse:
    return client.post(f"/d/{drop}/take", data={"press": press}, **{"headers": {"Origin": ORIGIN}, **more})


@pytest.fixture
def framework(buyer_app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that the framework was asked for."""
    asked: list[str] = []
    short = buyer_app.wsgi_app
    assert isinstance(short, Takes)
    behind = short._app

    def noting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        asked.append(environ["PATH_INFO"])
        return behind(environ, start_response)

    monkeypatch.setattr(short, "_app", noting)
    return asked


def test_the_first_take_goes_the_long_way_and_the_next_the_short_one(buyer_app: Flask, framework: list[str]) -> None:
    client = buyer_app.test_client()
    long = take(client, ids.new_press())
    assert (long.status_code, framework) == (303, [f"/d/{SAMPLER}/take"])
    short = take(client, ids.new_press())
    assert (short.status_code, framework) == (303, [f"/d/{SAMPLER}/take"])
    assert long.headers["Location"] != short.headers["Location"]
    assert {n: v for n, v in long.headers if n != "Location"} == {n: v for n, v in short.headers if n != "Location"}
    assert long.data == short.data == b""


def test_the_same_press_finds_the_same_order_either_way(buyer_app: Flask, framework: list[str]) -> None:
    client, press = buyer_app.test_client(), ids.new_press()
    first = take(client, press).headers["Location"]
    assert take(client, press).headers["Location"] == first
    shop_of(buyer_app).selling.clear()
    assert take(client, press).headers["Location"] == first
    assert len(framework) == 2


def test_a_refusal_is_told_as_a_page_and_the_next_is_looked_into_before_it_is_written(
    buyer_app: Flask, stocked_box: Stocked, framework: list[str]
) -> None:
    client = buyer_app.test_client()
    take(client, ids.new_press())
    stocked_box.box.write("payment", lambda tx: close_drop(tx, SAMPLER))
    refused = take(client, ids.new_press())
    assert refused.status_code == 409
    assert "not on sale right now" in refused.text
    assert SAMPLER not in shop_of(buyer_app).selling
    writes: list[str] = []
    stocked_box.box.db._writing_connection().set_trace_callback(writes.append)
    again = take(client, ids.new_press())
    stocked_box.box.db._writing_connection().set_trace_callback(None)
    assert (again.status_code, again.text, writes) == (409, refused.text, [])


def test_a_fault_is_told_as_a_page_too(buyer_app: Flask, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    client = buyer_app.test_client()
    take(client, ids.new_press())

    def broken(*_: object, **__: object) -> int:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(takes, "take_free", broken)
    answer = take(client, ids.new_press())
    assert answer.status_code == 500
    assert "Something broke inside the stall" in answer.text
    assert answer.headers["Content-Security-Policy"]
    monkeypatch.undo()
    assert take(client, ids.new_press()).status_code == 303


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"headers": {"Origin": "http://elsewhere.example"}}, 403),
        ({"headers": {"Origin": "http://foreign.example", "Host": "foreign.example"}}, 421),
        ({"headers": {}}, 303),
        ({"data": {"press": "short"}}, 400),
        ({"data": {"press": "A" * 21 + "B"}}, 400),
        ({"data": {"press": "A" * 22, "more": "1"}}, 303),
        ({"content_type": "multipart/form-data"}, 303),
    ],
)
def test_what_is_unusual_is_judged_by_the_framework(
    buyer_app: Flask, framework: list[str], more: dict[str, Any], status: int
) -> None:
    client = buyer_app.test_client()
    take(client, ids.new_press())
    framework.clear()
    answer = client.post(
        f"/d/{SAMPLER}/take", **{"data": {"press": ids.new_press()}, "headers": {"Origin": ORIGIN}, **more}
    )
    assert (answer.status_code, framework) == (status, [f"/d/{SAMPLER}/take"])


def test_a_phone_that_presses_too_often_is_told_so_on_the_short_way_too(buyer_app: Flask) -> None:
    client = buyer_app.test_client()
    take(client, ids.new_press())
    statuses = [
        take(client, ids.new_press(), environ_overrides={"REMOTE_ADDR": "10.20.0.7"}).status_code for _ in range(31)
    ]
    assert statuses == [303] * 30 + [429]


def test_a_paid_item_cannot_be_taken_on_either_way(buyer_app: Flask) -> None:
    client = buyer_app.test_client()
    assert take(client, ids.new_press(), drop=PRINTS).status_code == 409
    shop_of(buyer_app).selling.add(PRINTS)
    assert take(client, ids.new_press(), drop=PRINTS).status_code == 409
