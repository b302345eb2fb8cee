"""What is asked: the addresses by which phones and computers find out whether a Wi-Fi leads to the internet. Pure.

A row says what the vendor's server would answer. Sources: Apple, Android and Windows as their developers' pages and open
source have it, Firefox's preferences, the connectivity checks that Linux distributions ship; the paths `/generate_204` and
`/gen_204` are matched on every host, since each maker of Android phones has one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stall.web.captive import agents
from stall.web.captive.agents import Sheet, System

MOST_READ = 512


class Kind(StrEnum):
    """What a request is to the portal."""

    APPLE = "apple"
    ANDROID = "android"
    WINDOWS = "windows"
    FIREFOX = "firefox"
    NETWORK_MANAGER = "network-manager"
    KINDLE = "kindle"
    #: Somebody, or some program, wants a page that is not ours.
    PAGE = "page"
    #: Anything that would change something elsewhere: POST and all other methods.
    OTHER = "other"
    #: The documented question, asked at our own address (RFC 8908).
    API = "api"


@dataclass(frozen=True, slots=True)
class Success:
    """What the real server says: that the internet is there."""

    body: bytes
    media: str = "text/plain"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """One row of what is known: hosts and paths, each empty for any; `named` is how the documentation calls it."""

    named: str
    kind: Kind
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    success: Success | None

    def matches(self, host: str, path: str) -> bool:
        """Whether a request to this host (lower case, without port) and path is this one."""
        return (not self.hosts or host in self.hosts) and (not self.paths or path in self.paths)


@dataclass(frozen=True, slots=True)
class Probe:
    """One request as the portal sees it; `navigates`: a person's window asks, no program in the background."""

    kind: Kind
    system: System = System.UNKNOWN
    success: Success | None = None
    sheet: Sheet | None = None
    navigates: bool = False


_APPLE_SUCCESS = Success(b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>", "text/html")
_ONLINE = ("X-NetworkManager-Status", "online")
_NONE = Success(b"", status=204)


def _known(named: str, kind: Kind, hosts: str, paths: str, success: Success | None) -> Known:
    return Known(named, kind, tuple(hosts.split()), tuple(paths.split()), success)


KNOWN = (
    _known("Android, Chrome OS and each maker's own", Kind.ANDROID, "", "/generate_204 /gen_204", _NONE),
    _known(
        "Apple",
        Kind.APPLE,
        "captive.apple.com www.apple.com apple.com www.appleiphonecell.com www.airport.us www.ibook.info www.itools.info"
        " www.thinkdifferent.us gsp1.apple.com netcts.cdn-apple.com",
        "/hotspot-detect.html /library/test/success.html /",
        _APPLE_SUCCESS,
    ),
    _known(
        "Windows 10 and 11",
        Kind.WINDOWS,
        "www.msftconnecttest.com ipv6.msftconnecttest.com",
        "/connecttest.txt",
        Success(b"Microsoft Connect Test"),
    ),
    _known("Windows before", Kind.WINDOWS, "www.msftncsi.com ipv6.msftncsi.com", "/ncsi.txt", Success(b"Microsoft NCSI")),
    _known("Firefox", Kind.FIREFOX, "detectportal.firefox.com", "/success.txt", Success(b"success\n")),
    _known(
        "Firefox, the page",
        Kind.FIREFOX,
        "detectportal.firefox.com",
        "/canonical.html",
        Success(
            b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>', "text/html"
        ),
    ),
    _known(
        "GNOME",
        Kind.NETWORK_MANAGER,
        "nmcheck.gnome.org",
        "/check_network_status.txt",
        Success(b"NetworkManager is online\n", headers=(_ONLINE,)),
    ),
    _known(
        "Ubuntu",
        Kind.NETWORK_MANAGER,
        "connectivity-check.ubuntu.com",
        "",
        Success(b"", status=204, headers=(_ONLINE,)),
    ),
    _known(
        "Debian",
        Kind.NETWORK_MANAGER,
        "network-test.debian.org",
        "/nm",
        Success(b"NetworkManager is online\n", headers=(_ONLINE,)),
    ),
    _known(
        "Fedora", Kind.NETWORK_MANAGER, "fedoraproject.org www.fedoraproject.org", "/static/hotspot.txt", Success(b"OK\n")
    ),
    _known("Kindle", Kind.KINDLE, "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", None),
)  # fmt: skip
_SYSTEM = {
    Kind.APPLE: System.APPLE,
    Kind.ANDROID: System.ANDROID,
    Kind.WINDOWS: System.WINDOWS,
    Kind.NETWORK_MANAGER: System.LINUX,
    Kind.KINDLE: System.KINDLE,
}


#: Whom the systems of today ask first, and who answers as a row above says: with an uplink these alone are let through. No name
#: that others have names below (`apple.com`), no storage of everybody's files: one address may have thousands of servers.
ASKED_FIRST = (
    "captive.apple.com",
    "clients3.google.com",
    "connect.rom.miui.com",
    "connectivity-check.ubuntu.com",
    "connectivitycheck.android.com",
    "connectivitycheck.gstatic.com",
    "connectivitycheck.platform.hicloud.com",
    "detectportal.firefox.com",
    "dns.msftncsi.com",
    "network-test.debian.org",
    "nmcheck.gnome.org",
    "play.googleapis.com",
    "www.google.com",
    "www.msftconnecttest.com",
    "www.msftncsi.com",
)


def recognise(host: str, path: str, method: str, agent: str, accept: str = "") -> Probe:
    """Say what a request to a host that is not ours is. Any strings will do; only the first 512 characters of each are read.

    `host` may have a port, `path` no query. `accept` is the header: a window of a person asks for text/html first, a program does not.
    """
    agent = agent[:MOST_READ]
    system, sheet = agents.system_of(agent), agents.sheet_of(agent)
    if method not in {"GET", "HEAD"}:
        return Probe(Kind.OTHER, system)
    if agents.PROBING_APPLE in agent:
        return Probe(Kind.APPLE, System.APPLE, _APPLE_SUCCESS)
    person = sheet is not None or (agents.is_browser(agent) and accept.lstrip().startswith("text/html"))
    name, path = _name(host), path[:MOST_READ]
    row = next((row for row in KNOWN if row.matches(name, path)), None)
    if row is None or _is_person(row.kind, person, agent):
        return Probe(Kind.PAGE, system, sheet=sheet, navigates=person)
    return Probe(row.kind, _SYSTEM.get(row.kind, system), row.success, sheet, person)


def _is_person(kind: Kind, person: bool, agent: str) -> bool:
    """Whether a known address was opened in a window: to be shown something, not told that all is well.

    Apple's are ordinary web sites too; whoever is not the prober (told before) and not nameless looks at one.
    """
    if kind is Kind.APPLE:
        return person or agents.is_browser(agent)
    return person and kind not in {Kind.ANDROID, Kind.KINDLE}


def _name(host: str) -> str:
    """A host without its port, its closing dot and its capitals."""
    name = host[:MOST_READ].lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    return name.removesuffix(".")
