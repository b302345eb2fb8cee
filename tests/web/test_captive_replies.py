"""Every row of what phones and computers ask a Wi-Fi for, and what the portal answers in each state. Pure."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.web.captive import policy, probes
from stall.web.captive.agents import Sheet, System, is_browser, sheet_of, system_of
from stall.web.captive.policy import Change, Client, Reply, Said, World
from stall.web.captive.probes import Kind, Probe
from tests.web import captive_agents as ua

BOX = "http://192.0.2.1"
OFFLINE, ONLINE = World(BOX), World(BOX, uplink=True)
NEW, RELEASED = Client(), Client(released=True, left_s=7200)
NM = "X-NetworkManager-Status"


class Row(NamedTuple):
    """One question, and the page it leads to or the body that says all is well (None: never without an uplink)."""

    host: str
    path: str
    agent: str
    kind: Kind
    place: str
    success: bytes | None
    after_release: bool = True
    status: int = 200


APPLE = b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
CANONICAL = b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
ROWS = [
    *(
        Row(host, path, ua.WISPR, Kind.APPLE, "/cna", APPLE)
        for host, path in (
            ("captive.apple.com", "/hotspot-detect.html"),
            ("www.apple.com", "/library/test/success.html"),
            ("apple.com", "/library/test/success.html"),
            ("www.appleiphonecell.com", "/library/test/success.html"),
            ("www.airport.us", "/library/test/success.html"),
            ("www.ibook.info", "/library/test/success.html"),
            ("www.itools.info", "/library/test/success.html"),
            ("www.thinkdifferent.us", "/library/test/success.html"),
            ("gsp1.apple.com", "/"),
            ("netcts.cdn-apple.com", "/"),
            ("something.else.example", "/whatever"),
        )
    ),
    Row("captive.apple.com", "/hotspot-detect.html", "", Kind.APPLE, "/cna", APPLE),
    Row("CAPTIVE.apple.com.:80", "/hotspot-detect.html", "server-bag", Kind.APPLE, "/cna", APPLE),
    *(
        Row(host, path, ua.ANDROID_PROBE, Kind.ANDROID, "/", b"", after_release=False, status=204)
        for host, path in (
            ("connectivitycheck.gstatic.com", "/generate_204"),
            ("clients3.google.com", "/generate_204"),
            ("www.google.com", "/gen_204"),
            ("play.googleapis.com", "/generate_204"),
            ("connectivitycheck.android.com", "/generate_204"),
            ("connect.rom.miui.com", "/generate_204"),
            ("connectivitycheck.platform.hicloud.com", "/generate_204"),
            ("wifi.vivo.com.cn", "/generate_204"),
            ("conn1.oppomobile.com", "/generate_204"),
            ("142.250.1.1", "/gen_204"),
            ("[2001:db8::1]:80", "/gen_204"),
        )
    ),
    Row("www.msftconnecttest.com", "/connecttest.txt", ua.WINDOWS_PROBE, Kind.WINDOWS, "/", b"Microsoft Connect Test"),
    Row("ipv6.msftconnecttest.com", "/connecttest.txt", ua.WINDOWS_PROBE, Kind.WINDOWS, "/", b"Microsoft Connect Test"),
    Row("www.msftncsi.com", "/ncsi.txt", ua.WINDOWS_PROBE, Kind.WINDOWS, "/", b"Microsoft NCSI"),
    Row("detectportal.firefox.com", "/success.txt", ua.FIREFOX, Kind.FIREFOX, "/", b"success\n"),
    Row("detectportal.firefox.com", "/canonical.html", ua.FIREFOX, Kind.FIREFOX, "/", CANONICAL),
    Row("nmcheck.gnome.org", "/check_network_status.txt", ua.NETWORK_MANAGER, Kind.NETWORK_MANAGER, "/", b"NetworkManager is online\n"),
    Row("connectivity-check.ubuntu.com", "/", ua.NETWORK_MANAGER, Kind.NETWORK_MANAGER, "/", b"", status=204),
    Row("network-test.debian.org", "/nm", ua.NETWORK_MANAGER, Kind.NETWORK_MANAGER, "/", b"NetworkManager is online\n"),
    Row("fedoraproject.org", "/static/hotspot.txt", ua.NETWORK_MANAGER, Kind.NETWORK_MANAGER, "/", b"OK\n"),
]  # fmt: skip
IDS = [f"{number} {row.host}{row.path}" for number, row in enumerate(ROWS)]


def ask(row: Row, method: str = "GET") -> Probe:
    return probes.recognise(row.host, row.path, method, row.agent, "*/*")


def leads_to(reply: Reply) -> str:
    assert reply.status == 302
    assert (reply.body, dict(reply.headers)["Content-Length"]) == (b"", "0")
    return dict(reply.headers)["Location"]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_probe_is_led_to_the_stall_until_its_client_is_released(row: Row) -> None:
    probe = ask(row)
    assert probe.kind is row.kind
    reply = policy.answer(probe, NEW, OFFLINE)
    assert leads_to(reply) == BOX + row.place
    assert (reply.said, reply.change) == (Said.PORTAL, Change.NOTHING)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_released_client_is_told_what_its_maker_would_say_except_android(row: Row) -> None:
    reply = policy.answer(ask(row), RELEASED, OFFLINE)
    if not row.after_release:
        assert leads_to(reply) == BOX + row.place
        return
    assert (reply.status, reply.body, reply.said, reply.change) == (
        row.status, row.success, Said.SUCCESS, Change.CONFIRMED,
    )  # fmt: skip


@pytest.mark.parametrize("client", [NEW, RELEASED])
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_with_a_validated_uplink_every_probe_succeeds(row: Row, client: Client) -> None:
    reply = policy.answer(ask(row), client, ONLINE)
    assert (reply.status, reply.body) == (row.status, row.success)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_certificate_leads_no_probe_to_https(row: Row) -> None:
    with_one = World(BOX, certificate="https://box.example/captive/api")
    for client in (NEW, RELEASED):
        assert policy.answer(ask(row), client, with_one) == policy.answer(ask(row), client, OFFLINE)


@pytest.mark.parametrize("host", ["nmcheck.gnome.org", "connectivity-check.ubuntu.com", "network-test.debian.org"])
def test_network_manager_finds_the_header_it_looks_for(host: str) -> None:
    path = next(row.path for row in ROWS if row.host == host)
    reply = policy.answer(probes.recognise(host, path, "GET", ua.NETWORK_MANAGER), RELEASED, OFFLINE)
    assert dict(reply.headers)[NM] == "online"


@pytest.mark.parametrize("world", [OFFLINE, ONLINE])
@pytest.mark.parametrize("client", [NEW, RELEASED])
def test_a_kindle_stays_captive_whatever_happens(client: Client, world: World) -> None:
    probe = probes.recognise("spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", "GET", ua.KINDLE, ua.PAGE)
    assert (probe.kind, probe.system) == (Kind.KINDLE, System.KINDLE)
    assert leads_to(policy.answer(probe, client, world)) == f"{BOX}/"


@pytest.mark.parametrize("agent", [ua.IPHONE_SHEET, ua.MAC_SHEET])
@pytest.mark.parametrize("world", [OFFLINE, ONLINE])
@pytest.mark.parametrize("client", [NEW, RELEASED])
def test_an_apple_sheet_gets_its_page_whatever_it_opens(client: Client, world: World, agent: str) -> None:
    for host, path in (("captive.apple.com", "/hotspot-detect.html"), ("shop.example.com", "/x")):
        reply = policy.answer(probes.recognise(host, path, "GET", agent, ua.PAGE), client, world)
        assert leads_to(reply) == f"{BOX}/cna"
        assert reply.change is Change.NOTHING


@pytest.mark.parametrize("agent", [ua.ANDROID_SHEET, ua.ANDROID_CHROME])
def test_android_opens_the_shop_itself_and_stays_captive(agent: str) -> None:
    for path in ("/generate_204", "/anything"):
        reply = policy.answer(probes.recognise("www.google.com", path, "GET", agent, ua.PAGE), RELEASED, OFFLINE)
        assert leads_to(reply) == f"{BOX}/"
        assert reply.change is Change.NOTHING


@pytest.mark.parametrize(
    ("host", "path", "agent"),
    [
        ("www.msftconnecttest.com", "/redirect", ua.WINDOWS_EDGE),
        ("www.msftconnecttest.com", "/connecttest.txt", ua.WINDOWS_EDGE),
        ("detectportal.firefox.com", "/canonical.html", ua.FIREFOX),
        ("nmcheck.gnome.org", "/check_network_status.txt", ua.FIREFOX),
        ("captive.apple.com", "/hotspot-detect.html", ua.IPHONE_SAFARI),
        ("example.com", "/", ua.IPHONE_CHROME),
    ],
)
@pytest.mark.parametrize("client", [NEW, RELEASED])
def test_a_browser_that_was_sent_here_sees_the_shop_and_is_released(
    host: str, path: str, agent: str, client: Client
) -> None:
    reply = policy.answer(probes.recognise(host, path, "GET", agent, ua.PAGE), client, OFFLINE)
    assert leads_to(reply) == f"{BOX}/"
    assert reply.change is Change.RELEASED


def test_a_program_that_wants_a_page_is_led_here_and_releases_nobody() -> None:
    for agent in ("", "curl/8.14.1", ua.FIREFOX):
        reply = policy.answer(probes.recognise("example.com", "/api", "GET", agent, "*/*"), NEW, OFFLINE)
        assert leads_to(reply) == f"{BOX}/"
        assert reply.change is Change.NOTHING


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "get", ""])
def test_whatever_would_change_something_elsewhere_is_refused_in_plain_words(method: str) -> None:
    for row in ROWS:
        reply = policy.answer(ask(row, method), RELEASED, ONLINE)
        assert (reply.status, reply.said) == (405, Said.REFUSED)
        assert dict(reply.headers)["Allow"] == "GET, HEAD"
        assert b"<" not in reply.body


def test_the_documented_question_is_answered_by_the_clients_state() -> None:
    def api(client: Client, world: World = OFFLINE) -> dict[str, object]:
        reply = policy.answer(Probe(Kind.API), client, world)
        assert dict(reply.headers)["Content-Type"] == "application/captive+json"
        assert dict(reply.headers)["Cache-Control"] == "no-store"
        return dict(json.loads(reply.body))

    page = {"user-portal-url": f"{BOX}/cna", "venue-info-url": f"{BOX}/"}
    assert api(NEW) == {"captive": True, **page}
    assert api(RELEASED) == {"captive": False, **page, "seconds-remaining": 7200, "can-extend-session": True}
    assert api(Client(System.ANDROID, released=True, left_s=9)) == {"captive": True, **page}
    assert api(Client(System.ANDROID), ONLINE) == {"captive": False, **page}
    secure = api(NEW, World(BOX, certificate="https://box.example:8444/captive/api"))
    assert secure["user-portal-url"] == secure["venue-info-url"] == "https://box.example:8444/cna"


@pytest.mark.parametrize(
    ("agent", "system", "sheet", "browser"),
    [
        (ua.WISPR, System.APPLE, None, False),
        (ua.IPHONE_SHEET, System.APPLE, Sheet.APPLE, False),
        (ua.MAC_SHEET, System.APPLE, Sheet.APPLE, False),
        (ua.IPHONE_SAFARI, System.APPLE, None, True),
        (ua.IPHONE_CHROME, System.APPLE, None, True),
        (ua.ANDROID_SHEET, System.ANDROID, Sheet.ANDROID, False),
        (ua.ANDROID_CHROME, System.ANDROID, None, True),
        (ua.ANDROID_PROBE, System.LINUX, None, True),
        (ua.WINDOWS_PROBE, System.WINDOWS, None, False),
        (ua.WINDOWS_EDGE, System.WINDOWS, None, True),
        (ua.FIREFOX, System.LINUX, None, True),
        (ua.NETWORK_MANAGER, System.LINUX, None, False),
        (ua.KINDLE, System.KINDLE, None, True),
        ("Mozilla/5.0 (X11; CrOS x86_64 16181.61.0) Chrome/134.0.0.0 Safari/537.36", System.ANDROID, None, True),
        ("", System.UNKNOWN, None, False),
        ("curl/8.14.1", System.UNKNOWN, None, False),
    ],
)
def test_an_agent_tells_system_and_window(agent: str, system: System, sheet: Sheet | None, browser: bool) -> None:
    assert (system_of(agent), sheet_of(agent), is_browser(agent)) == (system, sheet, browser)


AGENTS = st.one_of(st.text(), st.sampled_from([value for name, value in vars(ua).items() if name.isupper()]))
HOSTS = st.one_of(st.text(), st.sampled_from([row.host for row in ROWS]))
PATHS = st.one_of(st.text(), st.sampled_from([row.path for row in ROWS]))
CLIENTS = st.builds(Client, st.sampled_from(System), st.booleans(), st.booleans(), st.integers(0, 10**6))
WORLDS = st.builds(World, st.just(BOX), st.booleans(), st.sampled_from(["", "https://box.example/captive/api"]))


@given(HOSTS, PATHS, st.one_of(st.text(), st.sampled_from(["GET", "HEAD", "POST"])), AGENTS, st.text(), CLIENTS, WORLDS)
def test_whatever_is_asked_the_reply_is_one_of_three_and_is_never_kept(
    host: str, path: str, method: str, agent: str, accept: str, client: Client, world: World
) -> None:
    reply = policy.answer(probes.recognise(host, path, method, agent, accept), client, world)
    headers = dict(reply.headers)
    assert len(headers) == len(reply.headers)
    assert headers["Cache-Control"] == "no-store"
    assert headers.get("Location", f"{BOX}/") in {f"{BOX}/", f"{BOX}/cna"}
    assert ("Location" in headers) == (reply.status == 302)
    assert ("Content-Length" in headers) == (reply.status != 204)
    assert headers.get("Content-Length", "0") == str(len(reply.body))
    vendors = {row.success.body for row in probes.KNOWN if row.success}
    assert (reply.status in {302, 204} and not reply.body) or reply.status == 405 or reply.body in vendors
    if reply.status == 204 and not client.released:
        assert world.uplink
