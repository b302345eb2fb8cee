"""Runs the cloud's app on waitress until it is told to stop. Nothing is decided here."""

from __future__ import annotations

import errno
import signal
import socket
import sys
import time
from collections.abc import Callable

from waitress.server import create_server

from stall.cloud import web
from stall.cloud.database import open_sqlite
from stall.cloud.folder import CloudFolder
from stall.errors import Refused

THREADS = 4
HEADER_BYTES = 16 * 1024
BODY_BYTES = 1024 * 1024  # beyond this nothing is read; up to it the app refuses in its own words
IDLE_S = 30  # a box that stopped talking in the middle of a request is let go


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one.

    Raises Refused `port-in-use`, or `address-refused` for any other trouble with the address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen()
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise Refused(
                "port-in-use", f"Port {port} on {host} is taken. Stop the other program or choose another port."
            ) from error
        raise Refused(
            "address-refused", f"Cannot listen on {host}, port {port} ({error.strerror}). Choose another address."
        ) from error
    return sock


def run(folder: CloudFolder, sock: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve on `sock` until SIGTERM or SIGINT; `ready` is told the address once it answers.

    Raises Broken `cloud-database`.
    """
    database = open_sqlite(folder.database)
    app = web.create_app(folder, database, lambda: time.time_ns() // 1_000_000)
    server = create_server(
        app,
        sockets=[sock],
        threads=THREADS,
        max_request_header_size=HEADER_BYTES,
        max_request_body_size=BODY_BYTES,
        channel_timeout=IDLE_S,
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    host, port = sock.getsockname()[:2]
    ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    try:
        server.run()  # returns when a signal handler raised SystemExit
    finally:
        server.close()
        database.close()
