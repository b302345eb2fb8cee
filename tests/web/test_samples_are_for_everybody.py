"""Samples: whole, in parts, of the right type, for everybody; what is paid for is not."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stall.domain import colour
from stall.flows.switch_drop import close_drop
from stall.store import previews
from stall.web.factory import shop_of
from tests.fakes import gallery
from tests.fakes.gallery import GALLERY
from tests.fakes.stock import PRINTS, Stocked
from tests.web import phone

SONG = "samples/Flut und Möwen.wav"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def data(stocked_box: Stocked) -> dict[str, bytes]:
    return gallery.hang(stocked_box)


def address(data: dict[str, bytes], path: str) -> str:
    return f"/d/{GALLERY}/sample/{digest(data[path])}/{quote(path.rsplit('/', 1)[-1])}"


def test_a_sample_comes_as_it_was_signed_and_may_be_kept(buyer: FlaskClient, data: dict[str, bytes]) -> None:
    for path in gallery.SAMPLES:
        answer = buyer.get(address(data, path), buffered=True)
        assert (answer.status_code, answer.data) == (200, data[path])
        assert answer.headers["ETag"] == f'"sha256-{digest(data[path])}"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.mimetype == gallery.TYPES["." + path.rsplit(".", 1)[1]]
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert ("sandbox" in policy) == answer.headers["Content-Disposition"].startswith("attachment")


def test_what_is_safe_stands_in_its_place_and_the_rest_is_a_file(buyer: FlaskClient, data: dict[str, bytes]) -> None:
    said = {path: buyer.head(address(data, path)).headers["Content-Disposition"] for path in gallery.SAMPLES}
    assert said[SONG] == "inline; filename=\"Flut_und_M_wen.wav\"; filename*=UTF-8''Flut%20und%20M%C3%B6wen.wav"
    apart = {path for path, how in said.items() if how.startswith("attachment")}
    assert apart == {"samples/notes.pdf", "samples/mark.svg"}


@pytest.mark.parametrize(
    ("headers", "status", "first", "last"),
    [
        ({"Range": "bytes=0-1"}, 206, 0, 1),
        ({"Range": "bytes=100-"}, 206, 100, None),
        ({"Range": "bytes=0-1", "If-Range": '"other"'}, 200, 0, None),
        ({"Range": "bytes=9999999-"}, 416, None, None),
        ({"If-None-Match": "{etag}"}, 304, None, None),
        ({"If-Match": '"other"'}, 412, None, None),
    ],
)
def test_players_ask_for_parts_and_get_them(
    buyer: FlaskClient,
    data: dict[str, bytes],
    headers: dict[str, str],
    status: int,
    first: int | None,
    last: int | None,
) -> None:
    body = data[SONG]
    etag = f'"sha256-{digest(body)}"'
    asked = {name: value.replace("{etag}", etag) for name, value in headers.items()}
    answer = buyer.get(address(data, SONG), headers=asked, buffered=True)
    wanted = b"" if first is None else body[first : None if last is None else last + 1]
    assert (answer.status_code, answer.data if status < 300 else b"") == (status, wanted)
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {first}-{len(body) - 1 if last is None else last}/{len(body)}"


def test_listening_is_no_download(
    buyer: FlaskClient, buyer_app: Flask, stocked_box: Stocked, data: dict[str, bytes]
) -> None:
    assert buyer.get(address(data, SONG), buffered=True).status_code == 200
    shop_of(buyer_app).transfers.stop()
    for table in ("transfers", "downloads"):
        assert stocked_box.box.db.read().execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


def test_what_is_paid_for_is_no_sample(buyer: FlaskClient, data: dict[str, bytes]) -> None:
    for path in gallery.PAID:
        assert buyer.get(address(data, path)).status_code == 404
        assert buyer.get(f"/preview/{digest(data[path])}.jpg").status_code == 404
        assert buyer.get(f"/preview/{digest(data[path])}-640.jpg").status_code == 404
    sample = address(data, SONG)
    for wrong in (sample.replace(GALLERY, PRINTS), sample[:-1], sample.replace("/sample/", "/sample/..%2f")):
        assert buyer.get(wrong).status_code == 404


def test_who_switches_a_drop_off_takes_its_samples_away(
    buyer: FlaskClient, stocked_box: Stocked, data: dict[str, bytes]
) -> None:
    stocked_box.box.write("payment", lambda tx: close_drop(tx, GALLERY))
    assert buyer.get(address(data, SONG)).status_code == 404
    assert "<audio" not in buyer.get(f"/d/{GALLERY}").text


def test_previews_are_public_and_kept_for_ever(
    buyer: FlaskClient, stocked_box: Stocked, data: dict[str, bytes]
) -> None:
    sha = digest(data["samples/01-wet-sand.jpg"])
    for name, path in (
        (f"{sha}", previews.large(stocked_box.folder, sha)),
        (f"{sha}-640", previews.small(stocked_box.folder, sha)),
    ):
        answer = buyer.get(f"/preview/{name}.jpg", buffered=True)
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", path.read_bytes())
        assert "immutable" in answer.headers["Cache-Control"]
        assert b"CameraMaker" not in answer.data
    for wrong in (f"{sha}-360", "../thumbs/" + sha, "..%2fthumbs%2f" + sha, sha.upper()):
        assert buyer.get(f"/preview/{wrong}.jpg").status_code == 404


def test_a_buyers_small_pictures_open_with_the_grant_alone(
    buyer: FlaskClient, stocked_box: Stocked, data: dict[str, bytes]
) -> None:
    sha = digest(data["photos/03-rope.jpg"])
    other = phone.grant(buyer, stocked_box).rsplit("/", 1)[1]
    own = phone.grant(buyer, stocked_box, GALLERY).rsplit("/", 1)[1]
    answer = buyer.get(f"/thumb/{own}/{sha}.jpg", buffered=True)
    assert (answer.status_code, answer.data) == (200, previews.thumb(stocked_box.folder, sha).read_bytes())
    assert "private" in answer.headers["Cache-Control"]
    assert buyer.get(f"/thumb/{other}/{sha}.jpg").status_code == 404
    assert buyer.get(f"/thumb/{own}/{'0' * 64}.jpg").status_code == 404
    assert buyer.get(f"/thumb/{'A' * 22}/{sha}.jpg").status_code == 404


def test_an_accent_is_a_stylesheet_of_its_own(buyer: FlaskClient, data: dict[str, bytes]) -> None:
    assert data
    page = buyer.get(f"/d/{GALLERY}").text
    name = page.split("/accent/")[1].split(".css")[0]
    answer = buyer.get(f"/accent/{name}.css")
    assert (answer.mimetype, "immutable" in answer.headers["Cache-Control"]) == ("text/css", True)
    base = colour.parse(name)
    assert base is not None
    assert f"--accent:#{colour.text(colour.light(base).colour)}" in answer.text
    assert f"--accent:#{colour.text(colour.dark(base).colour)}" in answer.text.split("@media")[1]


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "12345G", "ABCDEF", "fff;}", "..%2f..%2f"])
def test_what_is_no_colour_has_no_stylesheet(buyer: FlaskClient, wrong: str) -> None:
    assert buyer.get(f"/accent/{wrong}.css").status_code == 404
