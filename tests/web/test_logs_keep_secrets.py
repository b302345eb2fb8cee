"""What the server says of itself: no address of a download, and no line for everybody who waits a moment."""

from __future__ import annotations

import subprocess
import sys

SECRET = "73TQXZZXNG8Q9XEYG1M0ZYFJ8S"
SAYS = """
import logging
from stall import log
log.setup()
try:
    raise OSError("disk")
except OSError:
    logging.getLogger("waitress").exception("Exception while serving %s", "/g/{secret}/a.jpg")
logging.getLogger("waitress").info("Client disconnected while serving %s", "/T/{secret}")
logging.getLogger("waitress.queue").warning("Task queue depth is %d", 7)
"""


def said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr


def test_a_fault_of_the_server_is_logged_without_the_address_it_was_serving() -> None:
    lines = said(SAYS.format(secret=SECRET))
    assert SECRET not in lines
    assert 'event=server.trouble level=warning part=server words="Exception while serving"' in lines
    assert "OSError: disk" in lines


def test_people_waiting_for_a_thread_are_no_news() -> None:
    assert "queue" not in said(SAYS.format(secret=SECRET))
