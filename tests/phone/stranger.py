"""What anybody on a Wi-Fi can do with a program of their own: `python -m tests.phone.stranger`, a line of JSON for each.

Joins by DHCP, asks for names, knocks at every port, lies about who it is, floods; and, where it stands as the internet, answers and
listens. Nothing of ours is used to ask.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import struct
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.phone import hands

RADIO = "wlan0"
#: Of asm-generic/socket.h; Python has no name for them.
_SNDBUFFORCE, _RCVBUFFORCE = 32, 33
_COOKIE = b"\x63\x82\x53\x63"
_KINDS = {"A": 1, "NS": 2, "PTR": 12, "TXT": 16, "AAAA": 28, "SVCB": 64, "HTTPS": 65, "ANY": 255}
_SEEN: dict[str, set[str]] = {}


def join(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for an address as phones do, take it, and say what came with it."""
    mac = (
        bytes.fromhex(_read(f"/sys/class/net/{RADIO}/address").replace(":", ""))
        if "mac" not in asked
        else bytes.fromhex(asked["mac"])
    )
    number = random.randbytes(4)
    ip = ["ip", "address"]
    subprocess.run([*ip, "flush", "dev", RADIO], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, RADIO.encode())
        sock.bind(("", 68))
        sock.settimeout(asked.get("patience", 5))
        offer = _dhcp(sock, mac, number, b"\x35\x01\x01")
        lent, server = offer["address"], offer["options"][54]
        wish = b"\x35\x01\x03\x32\x04" + socket.inet_aton(lent) + b"\x36\x04" + server
        answer = _dhcp(sock, mac, number, wish)
    options: dict[int, bytes] = answer["options"]
    subprocess.run([*ip, "add", f"{lent}/24", "dev", RADIO], check=True)
    subprocess.run(["ip", "route", "replace", "default", "via", socket.inet_ntoa(options[3])], check=True)
    return {
        "address": lent,
        "router": socket.inet_ntoa(options[3]),
        "names": socket.inet_ntoa(options[6]),
        "portal": options[114].decode(),
        "seconds": int.from_bytes(options[51], "big"),
    }


def starve(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for addresses under made-up hardware addresses, as fast as they come, until nobody answers; how many were lent."""
    lent = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, RADIO.encode())
        sock.bind(("", 68))
        sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            for _ in range(asked["count"]):
                at_once = b"\x35\x01\x01\x50\x00"
                lent.add(_dhcp(sock, b"\x02" + random.randbytes(5), random.randbytes(4), at_once)["address"])
    return {"lent": len(lent)}


def _dhcp(sock: socket.socket, mac: bytes, number: bytes, options: bytes) -> dict[str, Any]:
    """Send one message to everybody, and read the answer to it (RFC 2131)."""
    head = struct.pack(">4B4sHH16x", 1, 1, 6, 0, number, 0, 0x8000)
    wanted = b"\x37\x05\x01\x03\x06\x33\x72\x3d\x07\x01" + mac
    message = head + mac.ljust(16, b"\0") + bytes(192) + _COOKIE + options + wanted + b"\xff"
    sock.sendto(message, ("255.255.255.255", 67))
    while True:
        got = sock.recv(4096)
        if got[4:8] == number and got[:1] == b"\x02":
            return {"address": socket.inet_ntoa(got[16:20]), "options": _options(got[240:])}


def _options(rest: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while rest and rest[0] != 255:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        size = rest[1]
        found[rest[0]] = rest[2 : 2 + size]
        rest = rest[2 + size :]
    return found


def name(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask for a name: what kind, of whom. `rcode` and the addresses of the answer; nothing where nobody answers."""
    to, me = asked["to"], asked.get("me", "")
    query = _query(asked["name"], asked.get("kind", "A"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(asked.get("patience", 3))
        sock.bind((me, 0))
        sock.sendto(query, (to, 53))
        try:
            got = sock.recv(4096)
        except TimeoutError:
            return {"rcode": None, "answers": []}
    flags, _, count = struct.unpack(">HHH", got[2:8])
    return {"rcode": flags & 15, "answers": _answers(got, count)}


def _query(asked: str, kind: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in asked.split("."))
    return (
        random.randbytes(2)
        + struct.pack(">5H", 0x0100, 1, 0, 0, 0)
        + labels
        + b"\0"
        + struct.pack(">HH", _KINDS[kind], 1)
    )


def _answers(got: bytes, count: int) -> list[dict[str, Any]]:
    at = got.index(b"\0", 12) + 5
    found = []
    for _ in range(count):
        at += 2 if got[at] >= 0xC0 else got.index(b"\0", at) - at + 1
        kind, _, ttl, size = struct.unpack(">HHIH", got[at : at + 10])
        data = got[at + 10 : at + 10 + size]
        found.append({"kind": kind, "ttl": ttl, "data": socket.inet_ntoa(data) if kind == 1 else data.hex()})
        at += 10 + size
    return found


def knock(asked: dict[str, Any]) -> dict[str, Any]:
    """Knock at TCP ports of an address, many at once: which opened, which refused. The rest said nothing."""
    to, me = asked["to"], asked.get("me", "")
    opened: list[int] = []
    refused: list[int] = []
    ports = range(asked.get("first", 1), asked.get("last", 65535) + 1)
    source = socket.inet_aton(me or _own_address(to))
    with _raw(socket.IPPROTO_TCP) as out, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as back:
        back.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 64 << 20)
        back.setblocking(False)
        for number, port in enumerate(ports):
            out.sendto(
                _packet(source, socket.inet_aton(to), 6, _syn(source, socket.inet_aton(to), 40_000, port)), (to, 0)
            )
            if number % 64 == 63:
                time.sleep(asked.get("pause", 0.0))
        ends = time.monotonic() + asked.get("patience", 0.7)
        while (left := ends - time.monotonic()) > 0:
            if not select.select([back], [], [], left)[0]:
                break
            got = back.recv(200)
            start = (got[0] & 15) * 4
            sport, dport = struct.unpack(">HH", got[start : start + 4])
            if socket.inet_ntoa(got[12:16]) == to and dport == 40_000:
                (refused if got[start + 13] & 4 else opened).append(sport)
    return {"opened": sorted(set(opened)), "refused": sorted(set(refused))}


def lie(asked: dict[str, Any]) -> dict[str, Any]:
    """Send packets under addresses that are not ours: to a port by TCP and UDP, each `times` times."""
    to = socket.inet_aton(asked["to"])
    for source in map(socket.inet_aton, asked["sources"]):
        for port in asked["ports"]:
            for n in range(asked.get("times", 1)):
                for number, body in (
                    (6, _syn(source, to, 1024 + n, port)),
                    (17, struct.pack(">4H", 5353, port, 8 + 20, 0) + b"x" * 20),
                ):
                    _to_the_box(_packet(source, to, number, body), asked["mac"])
    return {}


def _to_the_box(packet: bytes, mac: str) -> None:
    """Straight to somebody's card: the kernel of the phone need not like it."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((RADIO, 0x0800 if packet[0] >> 4 == 4 else 0x86DD))
        own = bytes.fromhex(_read(f"/sys/class/net/{RADIO}/address").replace(":", ""))
        kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        sock.send(bytes.fromhex(mac.replace(":", "")) + own + kind + packet)


def six(asked: dict[str, Any]) -> dict[str, Any]:
    """Speak IPv6 to the box: a SYN to each port of its link's address, and a question who is there."""
    source, to = socket.inet_pton(socket.AF_INET6, "fe80::2"), socket.inet_pton(socket.AF_INET6, asked["to"])
    for port in asked["ports"]:
        body = struct.pack(">HHIIHHHH", 2000, port, 1, 0, 0x5002, 64_000, 0, 0)
        total = _sum(source + to + struct.pack(">II", len(body), 6) + body)
        body = body[:16] + struct.pack(">H", total) + body[18:]
        _to_the_box(struct.pack(">IHBB", 6 << 28, len(body), 6, 64) + source + to + body, asked["mac"])
    return {}


def crowd(asked: dict[str, Any]) -> dict[str, Any]:
    """Open so many connections and hold them; how many came about within a moment. With `half` only the first packet of each."""
    if asked.get("half"):
        source, to = socket.inet_aton(asked["me"]), socket.inet_aton(asked["to"])
        with _raw(socket.IPPROTO_TCP) as out:
            for n in range(asked["count"]):
                out.sendto(_packet(source, to, 6, _syn(source, to, 10_000 + n, asked["port"])), (asked["to"], 0))
        return {"held": 0}
    held = []
    for _ in range(asked["count"]):
        sock = socket.socket()
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sock.connect((asked["to"], asked["port"]))
        held.append(sock)
    time.sleep(asked.get("patience", 0.7))
    came = len([sock for sock in held if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 and _connected(sock)])
    for sock in held:
        sock.close()
    return {"held": came}


def _connected(sock: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        sock.getpeername()
        return True
    return False


def ping(asked: dict[str, Any]) -> dict[str, Any]:
    """Ping so often as fast as it goes; how many were answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        for n in range(asked["count"]):
            head = struct.pack(">BBHHH", 8, 0, 0, 77, n)
            sock.sendto(head[:2] + struct.pack(">H", _sum(head)) + head[4:], (asked["to"], 0))
        sock.settimeout(0.4)
        answered = 0
        with contextlib.suppress(TimeoutError):
            while True:
                answered += sock.recv(200)[20] == 0
    return {"answered": answered}


def touch(asked: dict[str, Any]) -> dict[str, Any]:
    """Connect to an address and port as any program does."""
    with socket.socket() as sock:
        sock.settimeout(asked.get("patience", 1))
        try:
            sock.connect((asked["to"], asked["port"]))
        except TimeoutError:
            return {"end": "nothing"}
        except OSError as error:
            return {"end": os.strerror(error.errno or 0)}
        return {"end": "open"}


def pull(asked: dict[str, Any]) -> dict[str, Any]:
    """Fetch as much as comes: how many bytes, in how many seconds."""
    began, count = time.monotonic(), 0
    with socket.create_connection((asked["to"], asked.get("port", 80)), timeout=5) as sock:
        sock.sendall(f"GET {asked['path']} HTTP/1.0\r\nHost: {asked['host']}\r\n\r\n".encode())
        sock.settimeout(asked.get("patience", 1.5))
        with contextlib.suppress(TimeoutError):
            while got := sock.recv(65536):
                count += len(got)
    return {"bytes": count, "seconds": time.monotonic() - began}


def watch(asked: dict[str, Any]) -> dict[str, Any]:
    """See every packet that comes in from now on at an interface."""
    seen = _SEEN[asked["at"]] = set()
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    sock.bind((asked["at"], 3))

    def look() -> None:
        while True:
            got, (_, kind, direction, *_) = sock.recvfrom(2048)
            if direction == socket.PACKET_OUTGOING:
                continue
            if kind == 0x0800:
                start = (got[0] & 15) * 4
                port = struct.unpack(">H", got[start + 2 : start + 4])[0] if got[9] in {6, 17} else 0
                seen.add(f"{socket.inet_ntoa(got[12:16])} {socket.inet_ntoa(got[16:20])} {got[9]} {port}")
            else:
                seen.add(f"{kind:04x}")

    Thread(target=look, daemon=True).start()
    return {}


def seen(asked: dict[str, Any]) -> dict[str, Any]:
    """What came in since `watch`, as "source destination protocol port"."""
    time.sleep(asked.get("patience", 0))
    return {"packets": sorted(_SEEN[asked["at"]])}


def serve(asked: dict[str, Any]) -> dict[str, Any]:
    """Stand for a server of the internet: 204 to the question for it, `size` bytes to anything else."""
    body = b"x" * asked.get("size", 2_000_000)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            probe = self.path == "/generate_204"
            self.send_response(204 if probe else 200)
            self.send_header("Server-Of", asked["at"])
            self.send_header("Content-Length", "0" if probe else str(len(body)))
            self.end_headers()
            if not probe:
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    for port in asked["ports"]:
        Thread(target=ThreadingHTTPServer((asked["at"], port), Answers).serve_forever, daemon=True).start()
    return {}


def _raw(protocol: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    sock.setsockopt(socket.SOL_SOCKET, _SNDBUFFORCE, 16 << 20)
    return sock


def _packet(source: bytes, to: bytes, number: int, body: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), random.getrandbits(16), 0, 64, number, 0, source, to)
    return head[:10] + struct.pack(">H", _sum(head)) + head[12:] + body


def _syn(source: bytes, to: bytes, sport: int, dport: int) -> bytes:
    body = struct.pack(">HHIIHHHH", sport, dport, random.getrandbits(32), 0, 0x5002, 64_000, 0, 0)
    total = _sum(source + to + struct.pack(">HH", 6, len(body)) + body)
    return body[:16] + struct.pack(">H", total) + body[18:]


def _sum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data[: len(data) // 2 * 2])) + (
        data[-1] << 8 if len(data) % 2 else 0
    )
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _own_address(to: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((to, 9))
        return str(sock.getsockname()[0])


def _read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123 - one call of the ordinary kind
        return file.read().strip()


if __name__ == "__main__":
    hands.main(
        {
            each.__name__: each
            for each in (join, starve, name, knock, lie, six, crowd, ping, touch, pull, watch, seen, serve)
        }
    )
