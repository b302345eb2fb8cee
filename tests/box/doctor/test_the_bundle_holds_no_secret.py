"""A box filled with marked secrets everywhere gives a bundle in which none of them is found, in no spelling."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall import settings as settings_file
from stall.box.doctor import bundle, examination, units
from stall.box.doctor.patient import Patient
from stall.box.doctor.redaction import Redactor
from stall.settings import Cloud, Network, Reader, Till, Web, Wifi
from stall.store import journal, link_secret, secrets, tls_files
from stall.wire import b64, claimcode, crockford, ownercode, vouchercode
from tests.box.doctor.conftest import Machine

PSK, READER_PASSWORD, CLOUD_PASSWORD, PIN = 'forty-two herons; "at" dusk', "731946", "p@ss/w0rd of clouds", "864209"
CARD, BUYERS_WORDS, MAIL, PHONE = "4929123456781234", "For Ottilie with love", "ottilie@example.org", "Ottilies-iPhone"
MAC, CLIENT = "02:1f:aa:bb:cc:dd", "192.0.2.104"


@pytest.fixture
def marked(machine: Machine, box: Callable[[], Patient]) -> tuple[Patient, dict[str, bytes]]:
    """An appliance whose every corner holds secrets, and what they are."""
    machine.appliance()
    patient = box()
    assert patient.conn is not None
    own = secrets.load(patient.data / "keys")
    tls_files.make(patient.data / "keys", "Salt", ["192.0.2.1"], machine.clock.wall // 1000)
    link_secret.keep(patient.data / "keys", own)
    (patient.data / "keys" / "owner-slips.json").write_text(json.dumps({"slip": BUYERS_WORDS}))
    epoch = journal.read_head(patient.conn).epoch
    claim = claimcode.encode(claimcode.derive(own.claim_key, epoch, 1, 1))
    voucher = vouchercode.encode(vouchercode.derive(own.claim_key, epoch, 1))
    owner, grant = ownercode.encode(bytes(range(7, 23))), b64.encode(bytes(range(101, 117)))
    told: dict[str, bytes] = {
        "signing key": b64.decode(json.loads((patient.data / "keys" / "box.key").read_bytes())["d"]),
        "claim key": own.claim_key, "link key": own.link_key, "nginx": link_secret.derive(own).encode(),
        "psk": PSK.encode(), "reader": READER_PASSWORD.encode(), "cloud": CLOUD_PASSWORD.encode(), "pin": PIN.encode(),
        "claim code": claim.encode(), "grouped": crockford.grouped(claim).encode(), "voucher": voucher.encode(),
        "owner": owner.encode(), "grant": grant.encode(), "card": CARD.encode(), "last four": b"XXXX1234", "words": BUYERS_WORDS.encode(),
        "mail": MAIL.encode(), "phone": PHONE.encode(), "mac": MAC.encode(), "client": CLIENT.encode(),
        "tls": (patient.data / "keys" / "tls.key").read_bytes().splitlines()[1],
    }  # fmt: skip
    said = [
        f"took {crockford.grouped(claim)} and {claim}", f"GET /T/{claim} HTTP/1.1", f"http://192.0.2.1/o/{grant}/state", f"grant={grant}",
        f"voucher {crockford.grouped(voucher)}", f"owner {owner}", f"pan={CARD}", "card 4929 1234 5678 1234, XXXX1234", f"pin={PIN} pin_hash=$argon2id$x",
        f"psk {PSK}", f"psk64={base64.b64encode(b'net:' + PSK.encode()).decode()}", f"hex {own.claim_key.hex()} {own.link_key.hex(':').upper()}",
        f"key {base64.b64encode(own.claim_key).decode()} {b64.encode(b'x' + own.link_key)}", f"url https://maker:{quote(CLOUD_PASSWORD, safe='')}@cloud.example/in?token=abc",
        f"mail to {MAIL}", f"DHCPACK(wlan0) {CLIENT} {MAC} {PHONE}", f"AP-STA-CONNECTED {MAC}", f"client {CLIENT}:51234 asked",
        f"nginx set $stall_links \"{link_secret.derive(own)}\";", f"password: {READER_PASSWORD}", "fe80::1f:aaff:febb:ccdd joined",
    ]  # fmt: skip
    log = "\n".join(f"2026-11-21T14:05:{n:02d}+0000 stall stall[77]: {line}" for n, line in enumerate(said))
    machine.set(
        wifi=Wifi("Salt and Paper", PSK), reader=Reader(link="tcp:192.0.2.9:20007", password=READER_PASSWORD), network=Network(country="DE"),
        cloud=Cloud(f"https://maker:{quote(CLOUD_PASSWORD, safe='')}@cloud.example/in?token=abc", "cloud", "A" * 43),
        till=Till(address="https://192.0.2.1:8443"), web=Web(address="http://192.0.2.1"),
    )  # fmt: skip
    settings_file.save(patient.data, machine.settings)
    machine.put(
        "etc/stall/hostapd.conf",
        f'ssid2="Salt and Paper"\nwpa_passphrase={PSK}\nwpa_psk={own.claim_key.hex()}\nchannel=6\n',
    )
    machine.put("etc/stall/nginx/stall-buyers.conf", f'set $stall_links "{link_secret.derive(own)}";\nlisten 80;\n')
    machine.put("boot/firmware/cmdline.txt", f"console=tty1 cfg80211.ieee80211_regdom=DE secret={grant}")
    names = units.names(replace(patient, settings=machine.settings))
    machine.says |= {
        "systemctl show": "\n".join(f"Id={name}\nLoadState=loaded\nActiveState=active\nNRestarts=0\n" for name in names),
        "systemctl --no-pager --full list-units": f"stall-web.service loaded active running {grant}",
        "journalctl --no-pager -o short-iso": log,
        "dmesg": f"[1.0] mmc0: new card\n[2.0] usb 1-1: tty {CARD} {grant}\n[3.0] {BUYERS_WORDS}\n",
        "ip -br addr": f"wlan0 UP 192.0.2.1/24 {CLIENT}/24 fe80::1f:aaff:febb:ccdd/64", "iw dev": f"addr {MAC}\nssid Salt and Paper",
    }  # fmt: skip
    return replace(machine.patient, data=patient.data, conn=patient.conn), told


def contents(packed: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr] # files alone are in it


def forms(secret: bytes) -> Iterator[bytes]:
    """A secret as anybody might write it down: written here anew, so as not to believe the redactor's own list."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex(":").encode()
    for before in (b"", b"x", b"xy"):
        coded = base64.b64encode(before + secret + bytes(-len(before + secret) % 3))
        core = coded[4 if before else 0 : len(coded) - 4]
        yield core
        yield core.translate(bytes.maketrans(b"+/", b"-_"))
    if secret.isascii() and secret.decode("ascii").isprintable():
        yield quote(secret.decode(), safe="").encode()


def test_no_secret_is_in_the_bundle_in_any_spelling(marked: tuple[Patient, dict[str, bytes]]) -> None:
    patient, told = marked
    members = bundle.gather(patient, examination.examine(patient))
    found = contents(bundle.packed(members, 1))
    assert len(found) >= 10
    whole = b"\n".join(name.encode() + b"\n" + data for name, data in found.items()).lower()
    leaks = [
        name for name, secret in told.items() for form in forms(secret) if len(form) >= 6 and form.lower() in whole
    ]
    assert leaks == []


def test_what_helps_is_still_in_it(marked: tuple[Patient, dict[str, bytes]]) -> None:
    patient, _ = marked
    members = {each.name: each for each in bundle.gather(patient, examination.examine(patient))}
    told = json.loads(members["doctor.json"].text)
    assert {each["state"] for each in told["findings"]} >= {"ok", "fault"}
    assert told["versions"]["stall"]
    assert 'name = "Salt and Paper"' in members["settings.toml"].text
    assert "channel=6" in members["config/hostapd.conf"].text
    assert members["log/stall-web.service.txt"].text.count("2026-11-21T14:05:") == 21
    assert "mmc0: new card" in members["kernel.txt"].text
    assert "192.0.2.1/24" in members["addresses.txt"].text
    assert all(member.why for member in members.values())


def test_settings_that_are_not_right_give_their_names_alone(machine: Machine) -> None:
    from stall.errors import Broken

    (machine.data / "settings.toml").write_text(f'name = "Salt"\n[wifi]\npassword = "{PIN}abc"\nodd\n')
    patient = replace(machine.patient, settings_trouble=Broken("settings-malformed", "It is not right. Mend it."))
    text = bundle.settings_without_secrets(patient)
    assert (["name", "[wifi]", "password"], PIN in text) == (text.split()[-3:], False)


@given(st.binary(min_size=8, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_a_known_secret_is_found_wherever_it_stands_in_base64_or_hex(
    secret: bytes, before: bytes, after: bytes
) -> None:
    clean = Redactor([secret])
    for text in (base64.b64encode(before + secret + after), (before + secret + after).hex().encode()):
        left = clean.text(text.decode())
        assert secret.hex() not in left
        core = base64.b64encode(bytes(len(before) % 3) + secret)[4 if len(before) % 3 else 0 : -4].decode()
        assert len(core) < 6 or core not in left


@pytest.mark.parametrize(
    "text",
    [
        "Made a box. The maker's PIN, shown this once: 061855",
        "The maker's PIN: 061855",
        "pin 061855",
        "# my password is 061855-x",
    ],
)
def test_a_pin_in_a_sentence_is_taken_out(text: str) -> None:
    assert "061855" not in Redactor().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "gpio: pin 4 is low",
        "stall-web.service: Main process exited, code=exited, status=75",
        "event=attempt.paid level=info part=flows sale=12 state=paid",
        "serial:/dev/serial/by-id/usb-INGENICO_Move_5000-if00 is free",
        "[ 3.14] mmc0: new ultra high speed SDR104 SDXC card at address aaaa",
        "nginx/1.26.3, SQLite 3.46.1, kernel 6.12.25+rpt-rpi-v8",
        "listen 192.0.2.1:80; 0.0.0.0:8443; 127.0.0.1:8001",
        'password = ""',
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert Redactor([b"a secret of the box"]).text(text) == text


def test_the_archive_is_the_same_for_the_same_files_and_belongs_to_nobody() -> None:
    members = [bundle.Member("a.txt", "log", "x\n")]
    packed = bundle.packed(members, 1_700_000_000)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        (only,) = archive.getmembers()
    assert (only.name, only.mode, only.uid, only.uname, only.mtime) == (
        "stall-bundle/a.txt",
        0o600,
        0,
        "",
        1_700_000_000,
    )
