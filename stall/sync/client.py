"""Talks HTTP to the cloud; the only file that does. It sends, bounds, and names what went wrong.

What an answer means for the journal is decided in `stall.sync.upload`.
"""

from __future__ import annotations

import gzip
from types import TracebackType
from typing import Self

import httpx2
import msgspec

from stall.errors import Refused, Retry, WireError
from stall.wire import canonical, strict_json

MAX_ANSWER_BYTES = 512 * 1024  # a thousand verdicts and one note
CONNECT_S = 5.0
ANSWER_S = 20.0
LONGEST_WAIT_S = 3600.0  # whatever Retry-After says
PAIR_AGAIN = (401, 403)
LATER = (429, 503)
OK = 200
SERVER_FAILED = 500


class Verdict(msgspec.Struct, frozen=True):
    """What the cloud made of one event."""

    seq: int
    verdict: str
    reason: str | None = None


class Child(msgspec.Struct, frozen=True):
    """An epoch that goes on from the one sent: a note over it, its first event, and the proof that ties both."""

    note: str
    opening: str
    proof: list[str]


class Answer(msgspec.Struct, frozen=True):
    """The cloud's answer to an upload; members added later are ignored.

    `newest` is this box's own note with the most events of the epoch, if it is not the one just sent.
    """

    verdicts: list[Verdict]
    next: int
    cosigned: str | None
    newest: str | None = None
    children: list[Child] = []


class CloudClient:
    """One connection to one cloud; use it as a context manager."""

    def __init__(self, url: str) -> None:
        """Take the cloud's address from the settings, for instance https://cloud.example."""
        timeout = httpx2.Timeout(ANSWER_S, connect=CONNECT_S)
        # No proxy from the environment: the settings alone say where the journal goes.
        self._http = httpx2.Client(base_url=url, timeout=timeout, follow_redirects=False, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a request under way on another thread fails at once."""
        self._http.close()

    def upload(self, box: str, document: dict[str, object]) -> Answer:
        """Post one batch and return the answer, read but not yet believed.

        Raises Retry `cloud-unreachable`, `cloud-asks-to-wait` or `cloud-failed`, Refused
        `cloud-pair-again`, `cloud-refuses-batch` or `cloud-wrong-address`, WireError
        `cloud-answer-malformed`.
        """
        body = gzip.compress(canonical.dumps(document), mtime=0)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        try:
            with self._http.stream("POST", f"/v1/boxes/{box}/events", content=body, headers=headers) as response:
                text = _read_bounded(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError) as error:
            raise Retry(
                "cloud-unreachable", "The cloud cannot be reached. Selling goes on; the upload is tried again."
            ) from error
        _check_status(response, text)
        return _parse(text)


def _read_bounded(response: httpx2.Response) -> bytes:
    text = b""
    for chunk in response.iter_bytes():
        text += chunk
        if len(text) > MAX_ANSWER_BYTES:
            raise _malformed()
    return text


def _check_status(response: httpx2.Response, text: bytes) -> None:
    status = response.status_code
    if status == OK:
        return
    if status in LATER:
        raise Retry(
            "cloud-asks-to-wait", "The cloud is busy and asked to wait. The upload is tried again.", _wait_s(response)
        )
    if status >= SERVER_FAILED:
        raise Retry("cloud-failed", f"The cloud failed (HTTP {status}). The upload is tried again.")
    if status in PAIR_AGAIN:
        raise Refused(
            "cloud-pair-again",
            "The cloud does not accept this box. Pair it again: give it a new delegation by the cloud's owner.",
        )
    code = _code_in(text)
    if code is None:
        raise Refused(
            "cloud-wrong-address", f"Something else than a cloud answered (HTTP {status}). Check url under [cloud]."
        )
    raise Refused("cloud-refuses-batch", f"The cloud refused the upload ({code}). Update the box or the cloud.")


def _wait_s(response: httpx2.Response) -> float:
    written = response.headers.get("Retry-After", "")
    # The other form, a date, needs a clock a box does not have; the backoff alone serves then.
    return min(float(written), LONGEST_WAIT_S) if written.isascii() and written.isdigit() else 0.0


def _code_in(text: bytes) -> str | None:
    """The code of an error in the cloud's own shape, or None if somebody else answered."""
    try:
        document = strict_json.loads(text)
    except WireError:
        return None
    code = document.get("error") if isinstance(document, dict) else None
    return code if isinstance(code, str) else None


def _parse(text: bytes) -> Answer:
    try:
        return msgspec.convert(strict_json.loads(text, max_bytes=MAX_ANSWER_BYTES), Answer)
    except (WireError, msgspec.ValidationError) as error:
        raise _malformed() from error


def _malformed() -> WireError:
    return WireError(
        "cloud-answer-malformed", "The cloud's answer is not as specified. Check url under [cloud], then its version."
    )
