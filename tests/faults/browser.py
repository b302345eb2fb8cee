"""One person's browser: presses buttons, and presses the same button again when no answer came."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

#: How long one answer may take, and how long a button is pressed again and again (s).
ANSWER_S, PATIENCE_S = 20.0, 60.0
AGAIN_S = 0.03
SEE_OTHER, SIGNED_OUT, BUSY, WRONG = 303, 401, 503, 500


class NoAnswer(Exception):
    """The connection ended before an answer came: nobody knows whether it was done."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    location: str
    body: bytes

    @property
    def done(self) -> bool:
        """The button did what it says."""
        return self.status == SEE_OTHER

    @property
    def words(self) -> str:
        """What a person would read of a refusal, shortened."""
        text = re.sub(r"<(style|head|svg).*?</\1>|<[^>]*>", " ", self.body.decode("utf-8", "replace"), flags=re.DOTALL)
        return " ".join(text.split())[:300]


#: All of them sign in as the one maker: a try counts until it is known to be right, so five at once, cut off by a kill, would shut everybody out.
_SIGNING_IN = threading.Lock()


class Browser:
    """Talks to one address. One thread uses it. With a PIN it signs in wherever the till asks it to."""

    def __init__(self, address: str, pin: str | None = None) -> None:
        """Nothing is connected yet."""
        self._address, self._pin, self._cookie = address, pin, ""
        self._line: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Answer:
        """One request, made again once signed in where the till wants that. Raises NoAnswer."""
        answer = self._ask(method, path, form)
        if self._pin is None or not (answer.status == SIGNED_OUT or answer.location.startswith("/sign-in")):
            return answer
        with _SIGNING_IN:
            signed = self._ask("POST", "/sign-in", {"pin": self._pin})
        return self._ask(method, path, form) if signed.done else signed

    def _ask(self, method: str, path: str, form: Mapping[str, str] | None) -> Answer:
        headers = {"Origin": f"http://{self._address}", "Content-Type": "application/x-www-form-urlencoded"}
        if self._cookie:
            headers["Cookie"] = self._cookie
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection(self._address, timeout=ANSWER_S)
            self._line.request(method, path, None if form is None else urlencode(form), headers)
            answer = self._line.getresponse()
            self._cookie = answer.headers.get("Set-Cookie", self._cookie).partition(";")[0]
            return Answer(answer.status, answer.headers.get("Location", ""), answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NoAnswer(f"{method} {path}: {error!r}") from error

    def see(self, path: str) -> Answer:
        """Look at a page until it is there."""
        return self._insist("GET", path, None)

    def press(self, path: str, **form: str) -> Answer:
        """Press a button until it was heard: the same form each time, as a reload sends it."""
        return self._insist("POST", path, form)

    def document(self, path: str) -> dict[str, Any]:
        """Look at a page for scripts."""
        told: dict[str, Any] = json.loads(self.see(path).body)
        return told

    def _insist(self, method: str, path: str, form: Mapping[str, str] | None) -> Answer:
        until, last = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < until:
            try:
                answer = self.ask(method, path, form)
                if answer.status != BUSY:
                    return answer
                last = answer.words
            except NoAnswer as error:
                last = str(error)
            time.sleep(AGAIN_S)
        raise NoAnswer(f"{method} {path}: nothing for {PATIENCE_S:.0f} s, at last: {last}")
