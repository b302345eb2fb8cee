"""nginx in front of a demo's buyers: the shipped configuration, with its places put into the demo's folder.

Runs as whoever runs the demo, on the demo's port. Nothing of the configuration is written anew here: only places change.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.box.config import files, render
from stall.errors import Refused

SHIPPED = files.SHIPPED / "nginx"
STATIC = Path(__file__).parent.parent / "static"
MAIN, BUYERS, SECRET = "nginx.conf", "stall-buyers.conf", "nginx-links.conf"
#: Debian keeps it where only root looks.
_ALSO_IN = "/usr/sbin"
#: What a place may hold: nginx reads spaces, quotes and `$` in its own way, and a socket's name ends after 107 bytes.
_PLACE = re.compile(r"/[A-Za-z0-9._/+-]{0,84}")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: the box's data folder, a folder for sockets and temporary files, and the address to listen on."""

    box: Path
    run: Path
    host: str
    port: int

    @property
    def socket(self) -> Path:
        """Between nginx and `stall web`."""
        return self.run / "buyers.sock"


def find() -> str:
    """The path of nginx. Raises Refused `demo-nginx-missing`."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:{_ALSO_IN}")
    if found is None:
        raise Refused(
            "demo-nginx-missing",
            "There is no nginx on this machine. Install it, on Debian with: sudo apt-get install nginx-light; or leave out --nginx.",
        )
    return found


def front(folder: Path, host: str, port: int) -> Places:
    """The places of nginx in front of a demo in `folder`. Raises Refused `demo-nginx-missing`, `demo-nginx-place`."""
    find()
    places = Places(folder.resolve() / "box", folder.resolve() / "nginx", host, port)
    check(places)
    return places


def check(places: Places) -> None:
    """See that nginx can work there. Raises Refused `demo-nginx-place`."""
    for place in (places.box, places.run, STATIC.resolve()):
        if _PLACE.fullmatch(str(place)) is None:
            raise Refused(
                "demo-nginx-place",
                f"The folder {place} is none for nginx: its name is too long, or has more than plain letters. Choose another folder with --data.",
            )


def lay_out(places: Places) -> list[str]:
    """Write the configuration into `places.run`, made if needed, and say what nginx is started with.

    Raises Refused `demo-nginx-place` and the errors of `disk.whole_file`.
    """
    check(places)
    with disk.sentences(places.run):
        places.run.mkdir(mode=0o700, exist_ok=True)
    for name in (MAIN, BUYERS):
        with disk.whole_file(places.run / name) as file:
            file.write(rendered((SHIPPED / name).read_text("utf-8"), places).encode())
    main = str(places.run / MAIN)
    return ["-p", str(places.run), "-c", main, "-e", "stderr", "-g", "daemon off;"]


def rendered(shipped: str, places: Places) -> str:
    """A shipped configuration with the places of a demo in it."""
    host = f"[{places.host}]" if ":" in places.host else places.host
    text = re.sub(r"(?m)^user .*\n", "user root;\n" if os.geteuid() == 0 else "", shipped)
    values = {
        "buyers_listen": f"{host}:{places.port}",
        "buyers_socket": str(places.socket),
        "data": str(places.box),
        "keys": f"{places.box}/keys",
        "nginx": str(places.run),
        "run_nginx": str(places.run),
        "static": str(STATIC.resolve()),
        "transfers_socket": f"{places.run}/transfers.sock",
    }
    return render.text(text, values)
