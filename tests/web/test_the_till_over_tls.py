"""The till through a real nginx with the shipped configuration: the box's own certificate, enrolled devices only, strict Origin."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from stall.box.config import render
from stall.flows import enrol_device, staff_pin
from stall.settings import Till as TillSettings
from stall.store import tls_files
from stall.store.writer import CrowdWriter
from stall.web import serve
from stall.web.till.app import create_till_app
from stall.wire import claimcode, tls
from tests.fakes.stock import PIN, Stocked
from tests.house.sources import ROOT

pytestmark = pytest.mark.nginx

SHIPPED = ROOT / "firmware_config/nginx/stall-till.conf"
PATIENCE_S = 10.0


@dataclass
class Phone:
    """A browser that trusts this box's certificate and keeps cookies."""

    port: int
    trusted: Path
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, where it leads, and the page."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        conn = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_S, context=context)
        own = {"Origin": f"https://127.0.0.1:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        own |= {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        conn.request(method, path, urlencode(form) if form is not None else None, own | headers)
        answer = conn.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.partition(";")[0].split("=", 1)
            assert name.startswith("__Host-")
            assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(line.split("; "))
            self.cookies[name] = value
        page = answer.read().decode()
        self.headers = answer.headers
        conn.close()
        return answer.status, answer.headers.get("Location", ""), page


@pytest.fixture
def stall(stocked_box: Stocked) -> Stocked:
    stocked_box.box.crowd = CrowdWriter(stocked_box.box.db)
    return stocked_box


@pytest.fixture
def port(stall: Stocked, nginx: str, tmp_path: Path) -> Iterator[int]:
    """nginx with the shipped file, its places and port put where this test has them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    told = msgspec.structs.replace(TillSettings(), address=f"https://127.0.0.1:{number}", socket=str(tmp_path / "s"))
    stall.box.settings = msgspec.structs.replace(stall.box.settings, till=told)
    keys = stall.folder / "keys"
    tls_files.make(keys, "Salt & Paper", tls_files.names_of(stall.box.settings), _now_s())
    sock = serve.listen_unix(tmp_path / "s")
    serving = serve.Serving(create_till_app(stall.box, remote=True), sock, "till-tls", 4, behind_tls=True)
    command = [
        nginx,
        "-p",
        str(tmp_path),
        "-c",
        str(_configured(tmp_path, keys, number)),
        "-e",
        str(tmp_path / "error"),
    ]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    running = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        _until_it_listens(number)
        yield number
    finally:
        running.terminate()
        running.wait(PATIENCE_S)
        serving.stop()


@pytest.fixture
def phone(port: int, stall: Stocked) -> Phone:
    return Phone(port, stall.folder / "keys" / tls_files.CERTIFICATE)


def _now_s() -> int:
    import time

    return int(time.time())  # the certificate is checked against the clock of this machine


def _configured(folder: Path, keys: Path, port: int) -> Path:
    placed = render.text(
        SHIPPED.read_text("utf-8"),
        {"keys": str(keys), "till_listen": f"127.0.0.1:{port}", "till_socket": str(folder / "s")},
    )
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""  # else its workers may not enter a test's folder
    file.write_text(f"{user}pid {folder}/pid;\nevents {{}}\nhttp {{\n{places}{placed}}}\n", "utf-8")
    return file


def _until_it_listens(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            probe.settimeout(0.05)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        import time

        time.sleep(0.05)
    raise AssertionError("nginx does not listen")


def code_of(stall: Stocked, *, once: bool = True) -> str:
    return claimcode.encode(stall.box.write("payment", lambda tx: enrol_device.new_code(tx, once=once)))


def test_whoever_is_not_enrolled_sees_the_enrolment_page_everywhere_and_finds_nothing(phone: Phone) -> None:
    for path, status in (("/", 200), ("/drops", 404), ("/nowhere", 404), ("/people", 404), ("/sign-in", 404)):
        answer = phone.ask("GET", path)
        assert (answer[0], "This phone or tablet is not enrolled" in answer[2]) == (status, True), path
        assert "Harbour" not in answer[2]
    for method, path in (("GET", "/state"), ("POST", "/sign-in"), ("POST", "/sale"), ("POST", "/witness.json")):
        assert phone.ask(method, path, {"pin": PIN})[0] == 404
    assert phone.cookies == {}


def test_the_codes_page_enrols_then_asks_for_the_pin_and_then_sells(phone: Phone, stall: Stocked) -> None:
    code = code_of(stall)
    status, leads, _ = phone.ask("POST", "/enrol", {"code": code.lower(), "name": "Counter phone"})
    assert (status, leads) == (303, "/sign-in")
    assert set(phone.cookies) == {"__Host-stall-device"}
    assert phone.ask("GET", "/")[1] == "/sign-in"
    assert phone.ask("POST", "/sign-in", {"pin": PIN})[0] == 303
    assert "Harbour Prints" in phone.ask("GET", "/")[2]
    press = re.search(r'name="press" value="([^"]+)"', phone.ask("GET", "/")[2])
    assert press
    assert phone.ask("POST", "/sale", {"press": press[1], "item": "harbour-prints"})[0] == 303
    assert "Strict-Transport-Security" not in phone.headers
    rows = stall.box.db.read().execute("SELECT name, digest FROM devices").fetchall()
    assert [row[0] for row in rows] == ["Counter phone"]
    assert phone.cookies["__Host-stall-device"].encode() not in rows[0][1]


def test_the_screens_code_enrols_one_device_and_the_labels_any_number_until_there_is_another_label(
    phone: Phone, stall: Stocked
) -> None:
    once, label = code_of(stall), code_of(stall, once=False)
    others = [Phone(phone.port, phone.trusted) for _ in range(5)]
    assert others[0].ask("POST", "/enrol", {"code": once})[0] == 303
    assert others[1].ask("POST", "/enrol", {"code": once})[0] == 403
    assert others[2].ask("POST", "/enrol", {"code": label})[0] == 303
    assert others[3].ask("POST", "/enrol", {"code": label})[0] == 303
    code_of(stall, once=False)
    assert others[4].ask("POST", "/enrol", {"code": label})[0] == 403


def test_the_screens_code_is_over_after_fifteen_minutes(phone: Phone, stall: Stocked) -> None:
    code = code_of(stall)
    stall.clock.advance(enrol_device.SCREEN_MS)
    assert phone.ask("POST", "/enrol", {"code": code})[0] == 403


def test_five_wrong_codes_make_a_client_wait_whatever_it_brings_then(phone: Phone, stall: Stocked) -> None:
    code = code_of(stall, once=False)
    for n in range(staff_pin.TRIES):
        # a client cannot pass for another one: what it says of itself is replaced by nginx
        answer = phone.ask("POST", "/enrol", {"code": "0" * 26}, **{"X-Forwarded-For": f"10.0.0.{n}"})
        assert (answer[0], "does not fit" in answer[2]) == (403, True)
    assert phone.ask("POST", "/enrol", {"code": code})[0] == 403
    stall.clock.advance(staff_pin.LOCK_MS)
    assert phone.ask("POST", "/enrol", {"code": code})[0] == 303


def test_a_lost_phone_is_ended_and_opens_nothing_from_that_moment(phone: Phone, stall: Stocked) -> None:
    phone.ask("POST", "/enrol", {"code": code_of(stall)})
    phone.ask("POST", "/sign-in", {"pin": PIN})
    assert phone.ask("GET", "/")[0] == 200
    stall.box.write("payment", lambda tx: enrol_device.end_device(tx, 1))
    assert "not enrolled" in phone.ask("GET", "/drops")[2]
    assert phone.ask("GET", "/state")[0] == 404


def test_a_session_opens_nothing_on_another_device(phone: Phone, stall: Stocked) -> None:
    phone.ask("POST", "/enrol", {"code": code_of(stall)})
    phone.ask("POST", "/sign-in", {"pin": PIN})
    thief = Phone(phone.port, phone.trusted)
    thief.ask("POST", "/enrol", {"code": code_of(stall)})
    thief.cookies["__Host-stall"] = phone.cookies["__Host-stall"]
    assert thief.ask("GET", "/")[1] == "/sign-in"
    only_session = Phone(phone.port, phone.trusted, {"__Host-stall": phone.cookies["__Host-stall"]})
    assert only_session.ask("GET", "/state")[0] == 404


def test_a_foreign_page_and_a_foreign_name_press_nothing(phone: Phone, stall: Stocked) -> None:
    phone.ask("POST", "/enrol", {"code": code_of(stall)})
    for origin in ("null", "https://evil.example", f"http://127.0.0.1:{phone.port}", "https://127.0.0.1:1"):
        assert phone.ask("POST", "/sign-in", {"pin": PIN}, Origin=origin)[0] == 403
    assert phone.ask("GET", "/", Host="stall.evil.example")[0] == 421
    assert phone.ask("GET", "/", Host="192.168.4.1:8443")[0] in {200, 303}


def test_too_much_is_refused_before_it_reaches_the_till(phone: Phone) -> None:
    assert phone.ask("POST", "/enrol", {"code": "x" * 70_000})[0] == 413


def test_few_pictures_lie_in_files_while_nobody_knows_whose_they_are(phone: Phone) -> None:
    """A picture is read whole before the till sees who sends it: a crowd of strangers would fill the disk with them."""
    begun = [_half_a_picture(phone) for _ in range(2)]
    try:
        assert phone.ask("POST", "/products/1/picture", {"picture": "x"})[0] == 503
        assert phone.ask("GET", "/enrol")[0] == 200  # nothing else waits for them
    finally:
        for each in begun:
            each.close()


def _half_a_picture(phone: Phone) -> socket.socket:
    context = ssl.create_default_context(cafile=str(phone.trusted))
    sent = context.wrap_socket(socket.create_connection(("127.0.0.1", phone.port)), server_hostname="127.0.0.1")
    head = "POST /products/1/picture HTTP/1.1", f"Host: 127.0.0.1:{phone.port}", "Content-Length: 9000000"
    sent.sendall("\r\n".join([*head, "", "x" * 100_000]).encode())
    return sent


def test_the_page_of_whoever_is_not_enrolled_may_press_its_button(phone: Phone) -> None:
    """Under `no-referrer` a browser names no origin with a form, and the button would be refused."""
    for path in ("/", "/drops", "/enrol"):
        assert 'action="/enrol"' in phone.ask("GET", path)[2]
        assert phone.headers["Referrer-Policy"] == "same-origin", path


def test_wrong_codes_of_one_network_are_counted_together_and_then_nothing_is_written(stall: Stocked) -> None:
    client = create_till_app(stall.box, remote=True).test_client()
    origin = {"Origin": "https://127.0.0.1", "Host": "127.0.0.1"}

    def guess(address: str, code: str = "0" * 26) -> int:
        where = {"REMOTE_ADDR": address}
        sent = client.post(
            "/enrol", data={"code": code}, headers=origin, environ_base=where, base_url="https://127.0.0.1"
        )
        return sent.status_code

    for n in range(staff_pin.TRIES):
        assert guess(f"fe80::{n + 1}") == 403
    rows = stall.box.db.read().execute("SELECT count(*) FROM tries").fetchone()[0]
    code = code_of(stall)
    version = stall.box.db.read().execute("PRAGMA data_version").fetchone()[0]
    assert guess("fe80::ffff", code) == 403
    assert stall.box.db.read().execute("PRAGMA data_version").fetchone()[0] == version
    assert (rows, stall.box.db.read().execute("SELECT count(*) FROM tries").fetchone()[0]) == (1, 1)
    assert guess("fe80:0:0:1::1") == 403  # another network has tries of its own
    assert stall.box.db.read().execute("SELECT count(*) FROM tries").fetchone()[0] == 2


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_protocols_and_plain_http_are_not_spoken(port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", port)) as raw, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(raw)
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    plain.request("GET", "/")
    assert plain.getresponse().status == 400
    plain.close()


def test_what_is_asked_for_stands_in_no_log(phone: Phone, stall: Stocked, tmp_path: Path) -> None:
    code = code_of(stall)
    phone.ask("POST", "/enrol", {"code": code})
    logs = "".join(
        file.read_text("utf-8", "replace") for file in tmp_path.iterdir() if file.name in {"error", "access.log"}
    )
    assert code not in logs


def test_the_certificate_is_what_phones_accept(stall: Stocked) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    secret, pem = tls.make("Salt & Paper", ["stall.local", "192.168.4.1", "fe80::1"], 1_800_000_000)
    found = x509.load_pem_x509_certificate(pem)
    public = found.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    assert (found.not_valid_after_utc - found.not_valid_before_utc).days <= 825
    assert tls.read(pem).names == ("stall.local", "192.168.4.1", "fe80::1")
    assert b"PRIVATE KEY" in secret
    made = tls_files.make(stall.folder / "keys", "Salt & Paper", ["localhost"], 1_800_000_000)
    assert tls_files.find(stall.folder / "keys") == made
    for name in (tls_files.KEY, tls_files.CERTIFICATE):
        assert (stall.folder / "keys" / name).stat().st_mode & 0o777 == 0o600
