"""The portal behind a real nginx with the shipped configuration: names and phones arrive as they are."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stall.settings import Captive, Web
from tests.fakes.stock import SAMPLER
from tests.web import captive_agents as ua
from tests.web import front
from tests.web.front import Front

pytestmark = pytest.mark.nginx
BOX = "http://192.0.2.1"
PROBE = ("captive.apple.com", "/hotspot-detect.html", ua.WISPR)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, nginx: str) -> Iterator[Front]:
    folder: Path = tmp_path_factory.mktemp("p")
    stocked = front.stocked_today(folder / "box")
    stocked.box.settings = msgspec.structs.replace(
        stocked.box.settings, web=Web(address=BOX), captive=Captive(portal=True)
    )
    with front.behind_nginx(stocked.box, nginx, folder / "run") as running:
        yield running
    stocked.box.close()


def ask(served: Front, at: str, host: str, path: str, agent: str, method: str = "GET") -> tuple[int, str, bytes]:
    conn = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10, source_address=(at, 0))
    conn.request(method, path, b"press=A" if method == "POST" else None, {"Host": host, "User-Agent": agent})
    answer = conn.getresponse()
    told = answer.status, answer.headers.get("Location", ""), answer.read()
    assert answer.headers.get("Cache-Control", "no-store") == "no-store" or host == "192.0.2.1"
    conn.close()
    return told


def test_each_phone_has_its_own_way_through(served: Front) -> None:
    one, other = "127.0.0.31", "127.0.0.32"
    assert ask(served, one, *PROBE) == (302, f"{BOX}/cna", b"")
    assert ask(served, one, *PROBE, method="HEAD") == (302, f"{BOX}/cna", b"")
    assert ask(served, one, "192.0.2.1", "/cna/go", ua.IPHONE_SHEET)[0] == 200
    assert ask(served, one, *PROBE)[2].endswith(b"<BODY>Success</BODY></HTML>")
    assert ask(served, other, *PROBE) == (302, f"{BOX}/cna", b"")
    assert ask(served, other, "connect.rom.miui.com", "/generate_204", ua.ANDROID_PROBE) == (302, f"{BOX}/", b"")


def test_a_foreign_name_gets_no_page_that_was_asked_for_under_ours(served: Front) -> None:
    for _ in range(2):
        assert ask(served, "127.0.0.33", "evil.example", "/", ua.ANDROID_CHROME) == (302, f"{BOX}/", b"")
        assert b"Harbour Prints" in ask(served, "127.0.0.33", "192.0.2.1", "/", ua.ANDROID_CHROME)[2]
    assert ask(served, "127.0.0.33", "evil.example", f"/d/{SAMPLER}/take", ua.FIREFOX, method="POST")[0] == 405
