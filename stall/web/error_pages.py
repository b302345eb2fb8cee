"""What went wrong, said in one page or one JSON object: what happened, what it means, what to do.

Shared by both apps. A page that nobody may know of and a page that never was give the same answer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from flask import Flask, Response, json, request
from werkzeug.exceptions import HTTPException

from stall import log
from stall.errors import Broken, Hostile, Refused, Retry, StallError
from stall.store import damage
from stall.web import ids

logger = log.get("web")

#: How an error is told in HTTP where its class does not say it.
STATUS = {
    "page-unknown": 404,
    "claim-unknown": 404,
    "claim-code-malformed": 404,
    "claim-code-of-order": 404,
    "drop-unknown": 404,
    "sale-unknown": 404,
    "product-unknown": 404,
    "z-unknown": 404,
    "search-nothing": 404,
    "grant-over": 410,
    "grant-taken-back": 410,
    "download-limit": 403,
    "claim-devices": 403,
    "origin-foreign": 403,
    "host-foreign": 421,
    "till-not-local": 403,
    "signed-out": 401,
    "sign-in-wrong": 403,
    "right-missing": 403,
    "enrol-wrong": 403,
    "till-locked": 423,
    "too-many-tries": 429,
    "too-many-downloads": 429,
    "form-too-large": 413,
    "press-malformed": 400,
    "edition-number-wrong": 400,
    "basket-code-malformed": 400,
    "disk-nearly-full": 503,
    "disk-read-only": 503,
    "switch-unavailable": 503,
}
_TOO_LARGE = 413
_SERVER_ERROR = 500


def status_of(error: StallError) -> int:
    """The HTTP status an error is told with."""
    if error.code in STATUS:
        return STATUS[error.code]
    match error:
        case Retry():
            return 503
        case Hostile():
            return 400
        case Refused():
            return 409
        case _:
            return _SERVER_ERROR


def wait_s(error: StallError) -> int:
    """After how many seconds to try again; 0 where waiting does not help."""
    return max(1, round(error.after_s)) if isinstance(error, Retry) else 0


def wants_data() -> bool:
    """Whether the address asked for gives data rather than a page."""
    path = request.path
    return path.endswith((".json", ".jws", "/state"))


def register(app: Flask, page: Callable[[StallError, int], str]) -> None:
    """Answer every error of an app; `page` draws one for a person, given the error and its status."""

    def told(error: StallError) -> Response:
        status = status_of(error)
        if status >= _SERVER_ERROR and not isinstance(error, Retry):
            logger.error("request.failed", error=error.code, path=request.url_rule and request.url_rule.rule)
        answer = (
            _as_data(error, status) if wants_data() else Response(page(error, status), status, mimetype="text/html")
        )
        if wait := wait_s(error):
            answer.headers["Retry-After"] = str(wait)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def told_http(error: HTTPException) -> Response:
        answer = told(_in_our_words(error))
        answer.status_code = error.code or _SERVER_ERROR
        for name, value in error.get_headers():
            if name in {"Allow", "Content-Range"}:
                answer.headers[name] = value
        return answer

    def told_fault(error: Exception) -> Response:
        logger.error("request.fault", exc_info=error, path=request.url_rule and request.url_rule.rule)
        if isinstance(error, sqlite3.Error):
            return told(damage.explained(error))
        return told(Broken("page-fault", "Something broke inside the stall. Open the page again, or ask at the stall."))

    app.register_error_handler(StallError, told)
    app.register_error_handler(HTTPException, told_http)
    app.register_error_handler(Exception, told_fault)


def _in_our_words(error: HTTPException) -> StallError:
    if error.code == _TOO_LARGE:
        return Refused("form-too-large", "That is more than this page takes. Send less.")
    if error.code == 405:  # noqa: PLR2004 - 405 Method Not Allowed
        return Refused("method-wrong", "This address does not take that. Open the page again and use its button.")
    if error.code == 404:  # noqa: PLR2004 - 404 Not Found
        return ids.unknown_page()
    return Refused("request-malformed", "The stall did not understand that request. Open the page again.")


def _as_data(error: StallError, status: int) -> Response:
    body = json.dumps({"error": error.code, "sentence": error.sentence})
    return Response(body, status, mimetype="application/json")
