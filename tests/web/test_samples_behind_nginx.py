"""A sample from waitress alone and from nginx: nobody can tell them apart, and nobody is told of either."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from stall.flows.confirm_clock import confirm_clock
from stall.store import snippets
from tests.fakes import gallery
from tests.fakes.gallery import GALLERY
from tests.fakes.stock import Stocked
from tests.web import front
from tests.web.front import Front
from tests.web.test_a_file_is_the_same_every_way import OWN, REQUESTS

pytestmark = pytest.mark.nginx

SONG, MARK = "samples/Flut und Möwen.wav", "samples/mark.svg"


@pytest.fixture(scope="module")
def data() -> dict[str, bytes]:
    return gallery.files()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, nginx: str) -> Iterator[tuple[Front, Front]]:
    folder = tmp_path_factory.mktemp("s")
    stocked: Stocked = front.stocked_today(folder / "box")
    now_s = int(time.time())
    stocked.box.write("payment", lambda tx: confirm_clock(tx, now_s * 1000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "NOW_S", now_s)
        gallery.hang(stocked)
    with front.behind_nginx(stocked.box, nginx, folder / "run") as far, front.alone(stocked.box) as near:
        yield near, far
    stocked.box.close()


def address(data: dict[str, bytes], path: str) -> str:
    return f"/d/{GALLERY}/sample/{hashlib.sha256(data[path]).hexdigest()}/{quote(path.rsplit('/', 1)[-1])}"


@pytest.mark.parametrize("path", [SONG, MARK])
def test_both_give_the_same_status_headers_and_bytes(
    both: tuple[Front, Front], data: dict[str, bytes], path: str
) -> None:
    tag = f'"sha256-{hashlib.sha256(data[path]).hexdigest()}"'
    for request in REQUESTS:
        headers = {key: value.replace("ETAG", tag) for key, value in request.items()}
        for method in ("GET", "HEAD"):
            answers = [server.ask(address(data, path), method, **headers) for server in both]
            first, other = (
                (one.status, {name.title(): value for name, value in one.headers.items() if name not in OWN}, one.body)
                for one in answers
            )
            assert other == first, (method, headers)
            assert "X-Accel-Redirect" not in other[1]


def test_previews_come_from_nginx_and_paid_pictures_do_not(both: tuple[Front, Front], data: dict[str, bytes]) -> None:
    alone, behind = both
    sample, paid = (
        hashlib.sha256(data[path]).hexdigest() for path in ("samples/01-wet-sand.jpg", "photos/03-rope.jpg")
    )
    for name in (sample, f"{sample}-640"):
        got = behind.ask(f"/preview/{name}.jpg")
        assert (got.status, got.body) == (200, alone.ask(f"/preview/{name}.jpg").body)
        assert got.headers["Content-Type"] == "image/jpeg"
        assert "immutable" in got.headers["Cache-Control"]
        policy = "Content-Security-Policy"
        assert got.headers[policy] == alone.ask(f"/preview/{name}.jpg").headers[policy]
    for wrong in (
        f"/preview/{paid}.jpg",
        f"/-/part/-/files/{paid}/x",
        f"/thumbs/{paid}.jpg",
        f"/preview/..%2fthumbs%2f{paid}.jpg",
    ):
        assert behind.ask(wrong).status == 404


def test_a_snippet_is_played_from_nginx_and_from_the_app_alike(both: tuple[Front, Front]) -> None:
    alone, _ = both
    kept = snippets.place(alone.box.folder, "ab" * 32, "mp3")
    kept.write_bytes(b"\xff\xfb\x90\x00" * 500)
    path = f"/snippet/{kept.name}"
    for asked in ({}, {"Range": "bytes=4-11"}):
        near, far = (one.ask(path, **asked) for one in both)
        assert (far.status, far.body) == (near.status, near.body)
        for name in ("Content-Type", "Content-Security-Policy", "Cache-Control", "Content-Range"):
            assert far.headers.get(name) == near.headers.get(name), name
    assert (near.status, near.body) == (206, b"\xff\xfb\x90\x00" * 2)
    assert near.headers["Content-Disposition"].startswith("inline")
    for wrong in (
        f"/snippet/{'cd' * 32}.mp3",
        f"/snippet/{'ab' * 32}.jpg",
        f"/snippet/..%2fpreviews%2f{kept.name}",
        "/snippet/a.mp3",
    ):
        assert {one.ask(wrong).status for one in both} == {404}


def test_nobody_is_told_of_a_sample(both: tuple[Front, Front], data: dict[str, bytes]) -> None:
    _, behind = both
    assert behind.reports is not None
    dropped = behind.reports.dropped
    assert behind.ask(address(data, SONG)).body == data[SONG]
    assert behind.ask(address(data, SONG), Range="bytes=5-9").body == data[SONG][5:10]
    behind.written()
    assert behind.reports.dropped == dropped
    for table in ("transfers", "downloads"):
        assert behind.box.db.read().execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
