"""The portal in front of the buyers' app: probes are answered, and a foreign name sees nothing of ours."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Callable, Iterator

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from stall.settings import Captive, Web
from stall.web import guard, serve
from stall.web.buyer.front import Front
from stall.web.captive.clients import Funnel
from stall.web.captive.policy import Said
from stall.web.captive.probes import KNOWN, Kind, Known
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import PRINTS, SAMPLER, Stocked
from tests.web import captive_agents as ua
from tests.web import phone

BOX = "http://192.0.2.1"
APPLE = "captive.apple.com"
HOTSPOT = "/hotspot-detect.html"
LEASE_MS = 2 * 3600 * 1000
Ask = Callable[..., TestResponse]


def open_portal(stocked: Stocked, **more: object) -> None:
    """Set the box up as the one of its own Wi-Fi."""
    captive = msgspec.convert({"portal": True, **more}, Captive)
    stocked.box.settings = msgspec.structs.replace(stocked.box.settings, web=Web(address=BOX), captive=captive)


@pytest.fixture
def portal_app(stocked_box: Stocked) -> Iterator[Flask]:
    open_portal(stocked_box)
    app = create_buyer_app(stocked_box.box)
    yield app
    shop_of(app).stop()


@pytest.fixture
def ask(portal_app: Flask) -> Ask:
    """Ask as one phone or another; `at` is its address."""
    client = portal_app.test_client()

    def one(host: str, path: str = "/", agent: str = "", at: str = "192.0.2.23", **more: object) -> TestResponse:
        method, accept = str(more.pop("method", "GET")), str(more.pop("accept", "*/*"))
        headers = {"Host": host, "User-Agent": agent, "Accept": accept}
        return client.open(path, method=method, headers=headers, environ_overrides={"REMOTE_ADDR": at}, **more)  # type: ignore[arg-type]  # what open() takes

    return one


@pytest.mark.parametrize("row", KNOWN, ids=[row.named for row in KNOWN])
def test_every_known_probe_is_led_to_the_stall(ask: Ask, row: Known) -> None:
    for host in row.hosts or ("any.example",):
        for path in row.paths or ("/",):
            answer = ask(host, path)
            assert (answer.status_code, answer.data) == (302, b"")
            assert answer.headers["Location"] == f"{BOX}{'/cna' if row.kind is Kind.APPLE else '/'}"
            assert (answer.headers["Cache-Control"], answer.headers["Content-Length"]) == ("no-store", "0")


def test_an_iphone_goes_from_its_sheet_to_safari(ask: Ask) -> None:
    assert ask(APPLE, HOTSPOT, ua.WISPR).headers["Location"] == f"{BOX}/cna"
    assert ask(APPLE, HOTSPOT, ua.IPHONE_SHEET).headers["Location"] == f"{BOX}/cna"
    assert "Continue in Safari" in ask("192.0.2.1", "/cna", ua.IPHONE_SHEET).text
    waiting = ask("192.0.2.1", "/cna/go?to=/", ua.IPHONE_SHEET)
    assert 'http-equiv="refresh" content="1; url=/cna/go?to=/&amp;n=1"' in waiting.text
    probed = ask(APPLE, HOTSPOT, ua.WISPR)
    assert (probed.status_code, probed.mimetype) == (200, "text/html")
    assert probed.text == "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
    ready = ask("192.0.2.1", "/cna/go?to=/&n=1", ua.IPHONE_SHEET)
    assert "refresh" not in ready.text
    assert "Open in Safari" in ready.text


def test_another_iphone_still_gets_its_sheet(ask: Ask) -> None:
    ask("192.0.2.1", "/cna/go", ua.IPHONE_SHEET)
    assert ask(APPLE, HOTSPOT, ua.WISPR, at="192.0.2.24").status_code == 302


def test_a_release_ends_with_the_lease(ask: Ask, stocked_box: Stocked) -> None:
    ask("192.0.2.1", "/cna/go", ua.IPHONE_SHEET)
    stocked_box.clock.advance(LEASE_MS - 1)
    assert ask(APPLE, HOTSPOT, ua.WISPR).status_code == 200
    stocked_box.clock.advance(LEASE_MS)
    assert ask(APPLE, HOTSPOT, ua.WISPR).status_code == 302


def test_a_restart_forgives(ask: Ask, stocked_box: Stocked) -> None:
    ask("192.0.2.1", "/cna/go", ua.IPHONE_SHEET)
    again = create_buyer_app(stocked_box.box)
    headers = {"Host": APPLE, "User-Agent": ua.WISPR}
    assert again.test_client().get(HOTSPOT, headers=headers).status_code == 302
    shop_of(again).stop()


def test_the_shop_opened_in_safari_by_hand_needs_no_sheet_any_more(ask: Ask) -> None:
    ask("192.0.2.1", "/", ua.IPHONE_SHEET)
    assert ask(APPLE, HOTSPOT, ua.WISPR).status_code == 302
    ask("192.0.2.1", "/", ua.IPHONE_SAFARI, accept=ua.PAGE)
    assert ask(APPLE, HOTSPOT, ua.WISPR).status_code == 200


def test_android_is_never_told_of_an_internet_that_is_not_there(ask: Ask) -> None:
    for path, agent in (("/", ua.ANDROID_SHEET), ("/cna/go", ua.ANDROID_CHROME), (f"/d/{PRINTS}", ua.ANDROID_CHROME)):
        ask("192.0.2.1", path, agent, accept=ua.PAGE)
        answer = ask("connectivitycheck.gstatic.com", "/generate_204", ua.ANDROID_PROBE)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{BOX}/")


def test_with_a_validated_uplink_android_is_let_be(stocked_box: Stocked) -> None:
    open_portal(stocked_box, uplink=True)
    app = create_buyer_app(stocked_box.box)
    headers = {"Host": "connectivitycheck.gstatic.com", "User-Agent": ua.ANDROID_PROBE}
    answer = app.test_client().get("/generate_204", headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    shop_of(app).stop()


def test_windows_and_firefox_are_let_be_once_their_browser_was_led_here(ask: Ask) -> None:
    for host, path, opened in (
        ("www.msftconnecttest.com", "/connecttest.txt", "/redirect"),
        ("detectportal.firefox.com", "/success.txt", "/canonical.html"),
    ):
        assert ask(host, path, at=host).status_code == 302
        assert ask(host, opened, ua.FIREFOX, at=host, accept=ua.PAGE).headers["Location"] == f"{BOX}/"
        assert ask(host, path, at=host).status_code == 200


def test_a_foreign_name_sees_no_page_of_ours(ask: Ask, stocked_box: Stocked, portal_app: Flask) -> None:
    grant = phone.grant(portal_app.test_client(), stocked_box)
    paths = ["/", f"/d/{PRINTS}", "/t", "/catalog.json", "/keys.json", grant, "/cna", "/cna/go", "/captive/api", "/none",
             "/static/buyer.css", f"/d/{PRINTS}/cover"]  # fmt: skip
    agents = ["", ua.FIREFOX, ua.IPHONE_SHEET, ua.ANDROID_SHEET, ua.WISPR]
    for path in paths:
        for number, agent in enumerate(agents):
            answer = ask("evil.example", path, agent, at=f"192.0.2.{number}", accept=ua.PAGE)
            assert (answer.status_code, answer.data) == (302, b"")
            assert answer.headers["Location"] in {f"{BOX}/", f"{BOX}/cna"}
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_form_under_a_foreign_name_reaches_nothing(ask: Ask, stocked_box: Stocked, method: str) -> None:
    for path in (f"/d/{SAMPLER}/take", f"/d/{PRINTS}/order", "/t", "/none"):
        answer = ask("evil.example", path, method=method, data={"press": "A" * 22})
        assert (answer.status_code, answer.mimetype) == (405, "text/plain")
        assert stocked_box.box.settings.name not in answer.text
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0


def test_our_own_names_are_answered_as_ever(ask: Ask) -> None:
    for host in ("192.0.2.1", "127.0.0.1:8000", "localhost"):
        assert "Harbour Prints" in ask(host, "/", ua.FIREFOX).text
    assert ask("192.0.2.1", "/generate_204").status_code == 404


def test_without_the_setting_a_foreign_name_is_refused(buyer: FlaskClient) -> None:
    answer = buyer.get("/generate_204", headers={"Host": "connectivitycheck.gstatic.com"})
    assert (answer.status_code, "host-foreign" in answer.text) == (421, True)


ODD = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.one_of(ODD, st.sampled_from([APPLE, "[", "[::1", "@", "a@192.0.2.1", "192.0.2.1.evil.example", "192.0.2.2"])),
    ODD.map(lambda path: "/" + path.replace("#", "")),
    st.one_of(ODD, st.just(ua.WISPR)),
    st.sampled_from(["GET", "HEAD", "POST"]),
)
def test_whatever_name_and_path_are_asked_for_nothing_of_ours_is_told(
    ask: Ask, portal_app: Flask, host: str, path: str, agent: str, method: str
) -> None:
    if guard.buyer_rules(Web(address=BOX)).answer_to(host):
        return
    answer = ask(host, path, agent, method=method)
    assert answer.status_code in ({405} if method == "POST" else {302, 204, 200})
    assert answer.headers.get("Location", f"{BOX}/") in {f"{BOX}/", f"{BOX}/cna"}
    assert b"Harbour" not in answer.data


def test_the_certificates_name_is_one_of_ours(stocked_box: Stocked) -> None:
    open_portal(stocked_box, https="https://box.example/captive/api")
    app = create_buyer_app(stocked_box.box)
    client = app.test_client()
    said = json.loads(client.get("/captive/api", headers={"Host": "box.example"}).text)
    assert said["user-portal-url"] == "https://box.example/cna"
    shown = client.get("/cna", base_url="https://box.example/", headers={"User-Agent": ua.ANDROID_SHEET})
    assert shown.headers["Location"] == f"{BOX}/"
    shop_of(app).stop()


def test_the_documented_question_follows_the_phone(ask: Ask) -> None:
    def said(agent: str) -> dict[str, object]:
        answer = ask("192.0.2.1", "/captive/api", agent)
        assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/captive+json", "no-store")
        return dict(json.loads(answer.text))

    assert said(ua.WISPR)["captive"] is True
    ask("192.0.2.1", "/cna/go", ua.IPHONE_SHEET)
    assert said(ua.WISPR) == {
        "captive": False, "user-portal-url": f"{BOX}/cna", "venue-info-url": f"{BOX}/", "seconds-remaining": 7200,
        "can-extend-session": True,
    }  # fmt: skip
    ask("clients3.google.com", "/generate_204", ua.ANDROID_PROBE)
    assert said(ua.ANDROID_PROBE)["captive"] is True


def test_where_no_portal_stands_nobody_is_caught(buyer: FlaskClient) -> None:
    assert json.loads(buyer.get("/captive/api").text)["captive"] is False


def test_probes_are_kept_for_whoever_looks_into_trouble_and_tell_no_address(
    ask: Ask, portal_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ask(APPLE, HOTSPOT, ua.WISPR)
    ask("192.0.2.1", "/cna", ua.IPHONE_SHEET)
    ask("192.0.2.1", "/cna/go", ua.IPHONE_SHEET)
    ask(APPLE, HOTSPOT, ua.WISPR)
    ask("192.0.2.1", "/", ua.IPHONE_SAFARI)
    ask("www.google.com", "/gen_204", ua.ANDROID_PROBE, at="192.0.2.77")
    clients = shop_of(portal_app).portal.clients
    assert [note.said for note in clients.notes()] == [Said.PORTAL, Said.SUCCESS, Said.PORTAL]
    assert clients.funnel() == Funnel(clients=2, probed=2, page=1, released=1, catalogue=1)
    for text in (repr(clients.notes()), caplog.text):
        assert "192.0.2.23" not in text
        assert "192.0.2.77" not in text


def test_a_client_nobody_can_tell_apart_is_remembered_by_nobody(ask: Ask, portal_app: Flask) -> None:
    ask("192.0.2.1", "/cna/go", ua.IPHONE_SHEET, at="")
    assert ask(APPLE, HOTSPOT, ua.WISPR, at="").status_code == 302
    assert shop_of(portal_app).portal.clients.funnel().clients == 0


@pytest.fixture
def port(portal_app: Flask, stocked_box: Stocked) -> Iterator[int]:
    """The same app on a real socket, as `stall web` serves it."""
    sock = serve.listen("127.0.0.1", 0)
    front = Front(shop_of(portal_app), guard.buyer_rules(stocked_box.box.settings.web))
    serving = serve.Serving(portal_app, sock, "buyers", 2, front)
    yield sock.getsockname()[1]
    serving.stop()


def over_http(port: int, at: str, host: str, path: str, agent: str, method: str = "GET") -> tuple[int, str, bytes]:
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(at, 0))
    body = b"press=AAAAAAAAAAAAAAAAAAAAAA" if method == "POST" else None
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{host}"} if body else {}
    conn.request(method, path, body, {"Host": host, "User-Agent": agent, **form})
    answer = conn.getresponse()
    told = answer.status, answer.headers.get("Location", ""), answer.read()
    conn.close()
    return told


def test_over_real_sockets_each_phone_has_its_own_state(port: int, stocked_box: Stocked) -> None:
    one, other = "127.0.0.21", "127.0.0.22"
    probe = (APPLE, HOTSPOT, ua.WISPR)
    assert over_http(port, one, *probe) == (302, f"{BOX}/cna", b"")
    assert over_http(port, one, *probe, method="HEAD") == (302, f"{BOX}/cna", b"")
    assert over_http(port, one, "192.0.2.1", "/cna/go", ua.IPHONE_SHEET)[0] == 200
    assert over_http(port, one, *probe)[2].endswith(b"<BODY>Success</BODY></HTML>")
    assert over_http(port, other, *probe) == (302, f"{BOX}/cna", b"")
    assert over_http(port, one, "clients3.google.com", "/generate_204", ua.ANDROID_PROBE)[0] == 302
    for host in (
        "192.0.2.1",
        "evil.example",
        "192.0.2.1",
        "evil.example",
    ):  # a page that is kept by then is none of theirs
        status, place, body = over_http(port, other, host, "/", ua.ANDROID_CHROME)
        assert (status, place) == ((200, "") if host == "192.0.2.1" else (302, f"{BOX}/"))
        assert (b"Harbour Prints" in body) == (host == "192.0.2.1")
    assert over_http(port, one, "evil.example", f"/d/{SAMPLER}/take", ua.FIREFOX, method="POST")[0] == 405
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0


def test_an_item_opened_by_its_code_counts_as_the_catalogue(ask: Ask, portal_app: Flask) -> None:
    ask("192.0.2.1", f"/d/{PRINTS}", ua.ANDROID_CHROME)
    ask("192.0.2.1", f"/d/{PRINTS}/cover", ua.ANDROID_CHROME, at="192.0.2.24")
    assert shop_of(portal_app).portal.clients.funnel() == Funnel(1, 0, 0, 0, 1)
