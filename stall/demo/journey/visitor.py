"""Somebody at a browser: opens addresses, follows links, presses buttons, downloads. Nothing but HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx2

from stall.demo.journey.page import Page
from stall.errors import Broken

_TIMEOUT_S = 10.0
_CHUNK = 64 * 1024
_FIRST_ERROR = 400
LOOK_EVERY_S = 0.1


class Visitor:
    """One browser on one site; use it as a context manager."""

    def __init__(self, site: str) -> None:
        """`site` is the address it starts from, like http://127.0.0.1:8000."""
        self.site = site
        # No proxy from the environment: this stall is on this machine.
        self._http = httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=True, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def open(self, address: str = "/") -> Page:
        """Open a page. Raises Broken `visit-failed`."""
        return self._page(self._asked("GET", address))

    def get(self, address: str, **headers: str) -> httpx2.Response:
        """Fetch anything; an error of the server is an answer too."""
        return self._asked("GET", address, headers=headers)

    def is_there(self) -> bool:
        """Whether the site's first page answers."""
        try:
            return self._http.get(self._full("/")).status_code < _FIRST_ERROR
        except httpx2.HTTPError:
            return False

    def document(self, address: str, **headers: str) -> dict[str, object]:
        """Fetch a JSON object. Raises Broken `visit-failed`."""
        document: dict[str, object] = self._answered(self.get(address, **headers)).json()
        return document

    def download(self, address: str) -> bytes:
        """Fetch a whole file. Raises Broken `visit-failed`."""
        return self._answered(self.get(address)).content

    def first_bytes(self, address: str, wanted: int) -> tuple[bytes, str]:
        """Begin a download and break it off after `wanted` bytes or more; give them and the file's ETag."""
        taken = bytearray()
        try:
            with self._http.stream("GET", self._full(address)) as response:
                for chunk in response.iter_raw(_CHUNK):
                    taken += chunk
                    if len(taken) >= wanted:
                        break
                return bytes(taken[:wanted]), response.headers.get("ETag", "")
        except httpx2.HTTPError as error:
            raise _no_answer(self._full(address), error) from error

    def press(self, page: Page, button: str, value: str | None = None, **typed: str | None) -> Page:
        """Press the button with these words (and this value), after typing into its form; give the next page.

        Raises Broken `visit-failed`, and `page-without` for a button or field that is not there.
        """
        return self._page(self._pressed(page, button, value, **typed))

    def fetch(self, page: Page, button: str, value: str | None = None) -> bytes:
        """Press a button that leads to a file; give the file. Raises as `press`."""
        return self._answered(self._pressed(page, button, value)).content

    def _pressed(self, page: Page, button: str, value: str | None, **typed: str | None) -> httpx2.Response:
        form = page.form(button, value)
        address = urljoin(page.address, form.action or page.address)
        origin = "/".join(page.address.split("/")[:3])
        return self._asked(form.method, address, data=form.filled(**typed), headers={"Origin": origin})

    def _asked(self, method: str, address: str, **more: Any) -> httpx2.Response:
        try:
            return self._http.request(method, self._full(address), **more)
        except httpx2.HTTPError as error:
            raise _no_answer(self._full(address), error) from error

    def _full(self, address: str) -> str:
        return urljoin(f"{self.site}/", address)

    def _page(self, response: httpx2.Response) -> Page:
        return Page(str(response.url), self._answered(response).text)

    def _answered(self, response: httpx2.Response) -> httpx2.Response:
        if response.status_code >= _FIRST_ERROR:
            words = Page(str(response.url), response.text).root.text[:200]
            raise Broken("visit-failed", f"{response.url} answered {response.status_code}: {words}")
        return response


def _no_answer(address: str, error: httpx2.HTTPError) -> Broken:
    return Broken("visit-failed", f"{address} gave no answer ({type(error).__name__}). Look into the logs of the demo.")


def wait_for(what: str, look: Callable[[], bool], within_s: float) -> None:
    """Look again and again until it is so. Raises Broken `visit-waited`, naming what was waited for."""
    until = time.monotonic() + within_s
    while not look():
        if time.monotonic() > until:
            raise Broken(
                "visit-waited", f"Waited {within_s:.0f} s for: {what}. It did not come; look into the demo's logs."
            )
        time.sleep(LOOK_EVERY_S)
