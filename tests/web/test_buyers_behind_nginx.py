"""Buyers through a real nginx: who is who, the crowd's button, what comes straight from the disk, and many slow phones."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from stall.demo import nginx as shipped
from stall.i18n.languages import LANGUAGES
from stall.web import guard, ids
from tests.fakes.stock import SAMPLER, Stocked
from tests.web import front
from tests.web.front import Front

pytestmark = pytest.mark.nginx

PHOTO = "01 low sun.jpg"
FORM = "application/x-www-form-urlencoded"
LARGE_BYTES = 20_000_000
SLOW = 40


@pytest.fixture
def served(stall: Stocked, nginx: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """All of this machine's addresses but one are phones."""
    monkeypatch.setattr(guard, "is_shared", lambda address: address == "127.0.0.1")
    as_shipped = shipped.rendered
    one_is_us = ('"~^127\\."', '"~^127\\.0\\.0\\.1$"')
    assert one_is_us[0] in (shipped.SHIPPED / shipped.BUYERS).read_text("utf-8")
    monkeypatch.setattr(shipped, "rendered", lambda text, places: as_shipped(text, places).replace(*one_is_us))
    with front.behind_nginx(stall.box, nginx, stall.folder.parent / "run") as running:
        running.count_what_reaches_the_framework()
        yield running


def press(served: Front, address: str = "127.0.0.1", **headers: str) -> int:
    """Take the free sampler from a phone with this address."""
    conn = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20, source_address=(address, 0))
    own = {"Content-Type": FORM, "Origin": f"http://127.0.0.1:{served.port}"}
    conn.request("POST", f"/d/{SAMPLER}/take", f"press={ids.new_press()}", own | headers)
    answer = conn.getresponse()
    answer.read()
    conn.close()
    return answer.status


def test_the_crowds_button_takes_the_short_way_through_nginx_too(served: Front) -> None:
    with ThreadPoolExecutor(16) as phones:
        assert set(phones.map(lambda _: press(served), range(64))) == {303}
    assert served.framework == []
    assert press(served, **{"Content-Type": f"{FORM}; charset=utf-8"}) == 303
    assert served.framework == [f"/d/{SAMPLER}/take"]


def test_both_ways_through_nginx_give_the_same_answer(served: Front) -> None:
    own = {"Origin": f"http://127.0.0.1:{served.port}"}
    path = f"/d/{SAMPLER}/take"
    short = served.ask(path, "POST", f"press={ids.new_press()}", Content_Type=FORM, **own)
    long = served.ask(path, "POST", f"press={ids.new_press()}", Content_Type=f"{FORM}; charset=utf-8", **own)
    assert (short.status, long.status, len(served.framework)) == (303, 303, 1)
    assert {n: v for n, v in short.headers.items() if n not in {"Location", "Date"}} == {
        n: v for n, v in long.headers.items() if n not in {"Location", "Date"}
    }


def test_each_phone_has_presses_of_its_own_whatever_it_says_of_itself(served: Front) -> None:
    for n in range(guard.PRESSES_A_MINUTE):
        assert press(served, "127.0.0.2", **{"X-Forwarded-For": f"10.0.0.{n}"}) == 303
    assert press(served, "127.0.0.2", **{"X-Forwarded-For": "10.0.0.99"}) == 429
    assert press(served, "127.0.0.3") == 303
    assert press(served, "127.0.0.2", **{"X-Forwarded-For": "127.0.0.1"}) == 429


def test_each_phone_has_guesses_of_its_own(served: Front) -> None:
    def guess(address: str) -> int:
        conn = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20, source_address=(address, 0))
        conn.request("GET", "/T/00000000000000000000000000")
        answer = conn.getresponse()
        answer.read()
        conn.close()
        return answer.status

    for _ in range(guard.GUESSES_A_MINUTE):
        assert guess("127.0.0.2") == 404
    assert (guess("127.0.0.2"), guess("127.0.0.3")) == (429, 404)


def test_a_phone_may_have_a_dozen_downloads_at_a_time_and_is_told_so_in_its_language(
    served: Front, stall: Stocked
) -> None:
    front.enlarge(stall, PHOTO, LARGE_BYTES)
    path = str(served.ask(f"/g/{front.grant(stall)}/01%20low%20sun.jpg").headers["Location"])
    with ExitStack() as stack:
        for _ in range(12):
            assert stack.enter_context(begin(served.port, path, "127.0.0.2")).recv(12) == b"HTTP/1.1 200"
        more = stack.enter_context(begin(served.port, path, "127.0.0.2", "Accept-Language: de\r\n"))
        told = more.recv(65536).decode()
        assert told.startswith("HTTP/1.1 429")
        assert "Retry-After: 5" in told
        assert "too-many-downloads" in told
        assert stack.enter_context(begin(served.port, path, "127.0.0.3")).recv(12) == b"HTTP/1.1 200"
        assert stack.enter_context(begin(served.port, "/", "127.0.0.2")).recv(12) == b"HTTP/1.1 200"


def begin(port: int, path: str, address: str = "127.0.0.1", more: str = "") -> socket.socket:
    """Ask for something and read nothing of it yet."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    sock.settimeout(20)
    sock.bind((address, 0))
    sock.connect(("127.0.0.1", port))
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode())
    return sock


def test_many_slow_phones_and_four_threads_leave_the_pages_alive(served: Front, stall: Stocked) -> None:
    front.enlarge(stall, PHOTO, LARGE_BYTES)
    grant = front.grant(stall)
    path = str(served.ask(f"/g/{grant}/01%20low%20sun.jpg").headers["Location"])
    over = served.shop.links.address(grant, path.split("/")[3], PHOTO, 1_700_000_000)
    for slow_path in (path, over):
        _stays_alive(served, slow_path)


def test_many_slow_phones_and_four_threads_leave_the_pages_alive_without_nginx(stall: Stocked) -> None:
    front.enlarge(stall, PHOTO, LARGE_BYTES)
    grant = front.grant(stall)
    with front.alone(stall.box) as served:
        _stays_alive(served, f"/g/{grant}/01%20low%20sun.jpg")


def _stays_alive(served: Front, path: str) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(begin(served.port, path)) for _ in range(SLOW)]
        assert {sock.recv(12) for sock in slow} == {b"HTTP/1.1 200"}
        for _ in range(5):
            assert served.ask("/").status == 200
        senders = [stack.enter_context(socket.create_connection(("127.0.0.1", served.port))) for _ in range(SLOW)]
        for sock in senders:
            sock.sendall(b"POST /t HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\nco")  # and never the rest
        for _ in range(5):
            assert served.ask("/").status == 200


def test_what_never_changes_comes_from_the_disk_and_says_what_pages_say(served: Front, stall: Stocked) -> None:
    page = served.ask("/")
    sheet = re.search(rb'href="(/static/[^"]+\.css[^"]*)"', page.body)
    cover = re.search(rb'src="(/cover/[^"]+\.jpg)"', page.body)
    assert sheet
    assert cover
    served.framework.clear()
    for found, kind in ((sheet, "text/css; charset=utf-8"), (cover, "image/jpeg")):
        answer = served.ask(found[1].decode())
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for name in ("X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Cross-Origin-Resource-Policy"):
            assert answer.headers[name] == page.headers[name]
        again = served.ask(found[1].decode(), If_None_Match=answer.headers["ETag"])
        assert again.status == 304
    assert served.framework == []
    squeezed = served.ask(sheet[1].decode(), Accept_Encoding="gzip")
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert served.ask("/static/nothing.css").status == 404
    assert served.ask(f"/cover/{'0' * 64}.jpg").status == 404
    assert b"page-unknown" in served.ask("/static/").body


def test_a_file_is_never_squeezed_on_its_way(served: Front, stall: Stocked) -> None:
    answer = served.follow(f"/g/{front.grant(stall)}/notes/gr%C3%B6%C3%9Fe.txt", Accept_Encoding="gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == "18"


def test_pages_are_squeezed_and_any_name_reaches_the_app(served: Front) -> None:
    assert served.ask("/", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    for host in ("connectivitycheck.example", "captive.example:80"):
        served.framework.clear()
        served.ask("/generate_204", Host=host)
        assert served.framework == ["/generate_204"]


def test_more_than_a_form_is_turned_away_before_the_app(served: Front) -> None:
    assert served.ask("/t", "POST", "x" * 70_000).status == 413
    assert served.framework == []


def test_while_the_app_starts_again_the_page_says_so_and_opens_by_itself(served: Front) -> None:
    served.stop_app()
    answer = served.ask("/o/somebody")
    assert (answer.status, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (503, "3", "no-store")
    page = answer.body.decode()
    assert 'http-equiv="refresh"' in page
    assert set(re.findall(r'lang="([a-z]{2})"', page)) == set(LANGUAGES)
    assert "nginx" not in page
    assert served.ask("/static/tokens.css").status == 200


def test_nothing_is_sent_to_https(served: Front) -> None:
    answer = served.ask("/", Upgrade_Insecure_Requests="1")
    assert "Strict-Transport-Security" not in answer.headers
    assert answer.status == 200


def test_only_modules_of_the_plain_package_are_used(nginx: str) -> None:
    text = "".join((shipped.SHIPPED / name).read_text("utf-8") for name in (shipped.MAIN, shipped.BUYERS))
    assert "load_module" not in text
    for line in text.splitlines():
        assert not re.search(r"\b(?:stub_status|proxy_pass\s+https?:(?!//stall_buyers|//\$stall_app))", line)


def test_the_clients_own_folder_is_named_in_no_shipped_file() -> None:
    for name in (shipped.MAIN, shipped.BUYERS):
        text = (Path(shipped.SHIPPED) / name).read_text("utf-8")
        assert set(re.findall(r"(?<![\w.$])/(?:var|run|usr|etc|dev)/[a-z-]+", text)) <= {
            "/run/stall", "/etc/stall", "/dev/null",
        }  # fmt: skip
