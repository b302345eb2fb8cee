"""The processes of a demo: which command each is, when it is ready, and the settings that let them find each other."""

from __future__ import annotations

import contextlib
import http.client
from dataclasses import dataclass

import msgspec

from stall import settings as settings_file
from stall.cloud import folder as cloud_folder
from stall.demo import nginx
from stall.demo.child import Child
from stall.demo.folder import DemoFolder
from stall.demo.nginx import Places
from stall.demo.ports import LOOPBACK, Ports
from stall.settings import Cloud, Reader
from stall.store import link_secret, secrets
from stall.wire import b64

#: The simulated terminal's protocol times, shortened: nobody watching a demo waits for a lost line for minutes.
TIME_SCALE = 0.2
CARD_AFTER_S = 1.0
#: The parts that serve pages: by name, where (a field of Addresses) and what is asked to see that they answer.
PAGES = {"web": (("buyers", "/"), ("till", "/")), "terminal": (("terminal", "/"),), "cloud": (("cloud", "/healthz"),)}
#: Those start first: the pages, and nginx, through which buyers see theirs.
FIRST = frozenset({*PAGES, "nginx"})
_HTTP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a demo answers, as a person types it. `buyers` is what the QR code of the stall holds."""

    buyers: str
    till: str
    terminal: str
    cloud: str


def addresses(ports: Ports, host: str) -> Addresses:
    """The addresses of a demo whose buyers' pages listen on `host`; the rest is on loopback."""
    local = f"http://{LOOPBACK}"
    buyers = f"http://{host}" if ports.buyers == http.client.HTTP_PORT else f"http://{host}:{ports.buyers}"
    return Addresses(
        buyers,
        f"{local}:{ports.till}",
        f"{local}:{ports.terminal}",
        f"{local}:{ports.cloud}",
    )


def settle(folder: DemoFolder, ports: Ports, host: str, front: Places | None = None) -> None:
    """Write into the box's settings where everything is in this run; what a person changed there stays. `front`: nginx's."""
    kept = settings_file.load(folder.box)
    cloud = cloud_folder.load(folder.cloud)
    at = addresses(ports, host)
    web = msgspec.structs.replace(
        kept.web,
        host=host,
        port=ports.buyers,
        till_port=ports.till,
        address=at.buyers,
        socket="" if front is None else str(front.socket),
    )
    reader = Reader(
        link=f"serial:{folder.port_name}", name="Simulated terminal", profile="simulated", time_scale=TIME_SCALE
    )
    here = Cloud(url=at.cloud, name=cloud.name, public=b64.encode(cloud.key.public))
    changed = msgspec.structs.replace(kept, web=web, reader=reader, cloud=here, mdns=host != LOOPBACK)
    settings_file.save(folder.box, changed)


def children(folder: DemoFolder, ports: Ports, front: Places | None = None) -> list[Child]:
    """The processes in the order they start: who is asked by others comes first.

    With `front` nginx too. Raises as `nginx.find` and `nginx.lay_out`.
    """
    box = str(folder.box)
    terminal = ["simulate", "zvt", "--data", str(folder.terminal), "--pty", str(folder.port_name)]
    terminal += ["--panel", str(ports.terminal), "--card-after", str(CARD_AFTER_S), "--scale", str(TIME_SCALE)]
    commands = {
        "web": ["web", "--data", box],
        "terminal": terminal,
        "cloud": ["cloud", "--data", str(folder.cloud), "--port", str(ports.cloud)],
        "reader": ["reader", "--data", box],
        "sync": ["sync", "--data", box],
    }
    ours = [Child(name, command, folder.logs / f"{name}.log") for name, command in commands.items()]
    if front is None:
        return ours
    link_secret.keep(
        folder.box / "keys", secrets.load(folder.box / "keys")
    )  # `stall web` does it too, but perhaps later
    command = [nginx.find(), *nginx.lay_out(front)]
    return [*ours, Child("nginx", command, folder.logs / "nginx.log", ours=False)]


def answers(address: str, path: str) -> bool:
    """Whether a part's web server answers a GET of `path`, whatever the page says."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=_HTTP_TIMEOUT_S)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    return False
