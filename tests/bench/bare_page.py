"""A bare page, for comparison: `python -m tests.bench.bare_page SOCKET` serves Flask on waitress at a unix socket."""

from __future__ import annotations

import sys

import waitress
from flask import Flask


def main(arguments: list[str]) -> None:
    """Serve until ended."""
    app = Flask("bare")
    app.add_url_rule("/bare", view_func=lambda: "<!doctype html><title>Bare</title>")
    waitress.serve(app, unix_socket=arguments[0], threads=8, connection_limit=1000, asyncore_use_poll=True)


if __name__ == "__main__":
    main(sys.argv[1:])
