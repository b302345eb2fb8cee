"""The cloud's HTTP: four routes, one shape of error. It decides nothing; it reads, calls, and answers."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable

from flask import Flask, Response, request
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from stall import log
from stall.cloud import lives, overview, replicate
from stall.cloud import upload as uploads
from stall.cloud.database import Database
from stall.cloud.folder import CloudFolder
from stall.cloud.ledger import JournalKey
from stall.errors import Broken, Hostile, Refused, Retry, StallError
from stall.wire import b64, canonical

MS = 1000
BOX_CHARS = 12  # of a thumbprint, as in the origin of its journal
LOGGED_CHARS = 100  # of an address somebody made up
logger = log.get("cloud")
#: How a refusal is told in HTTP where the class of the error does not say it.
STATUS = {
    "upload-too-large": 413,
    "upload-encoding": 415,
    "box-not-delegated": 401,
    "checkpoint-not-signed": 401,
    "checkpoint-other-journal": 401,
    "token-required": 401,
    "journal-unknown": 404,
}


def create_app(folder: CloudFolder, database: Database, now_ms: Callable[[], int]) -> Flask:
    """Build the WSGI app of one cloud; `now_ms` gives UTC in milliseconds."""
    app = Flask("stall.cloud", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = uploads.MAX_BODY_BYTES

    @app.get("/healthz")
    def health() -> Response:
        database.read(lambda conn: conn.execute(select(text("1"))).first())
        return _json({"status": "ok"})

    @app.post("/v1/boxes/<box>/events")
    def take_events(box: str) -> Response:
        body = uploads.unpack(request.get_data(), request.headers.get("Content-Encoding", ""))
        now = now_ms()
        batch = uploads.authenticate(uploads.parse(body), box, folder.creator, now // MS)
        answer = database.write(lambda conn: replicate.take(conn, folder, batch, now))
        counted = Counter(each.verdict.value for each in answer.judged)
        logger.info("upload.taken", box=box[:BOX_CHARS], first=batch.first, next=answer.next, **counted)
        return _json(_told(answer))

    @app.get("/v1/boxes/<box>/journal")
    def show_journal(box: str) -> Response:
        key = _asked_journal(folder, box)
        return _json(database.read(lambda conn: overview.journal(conn, key)))

    @app.get("/v1/boxes/<box>/epochs")
    def show_epochs(box: str) -> Response:
        _check_token(folder)
        uploads.check_thumbprint(box)
        return _json({"epochs": database.read(lambda conn: lives.of_box(conn, folder.owner_id, box))})

    @app.get("/v1/boxes/<box>/totals")
    def show_totals(box: str) -> Response:
        key = _asked_journal(folder, box)
        return _json(database.read(lambda conn: overview.totals(conn, key)))

    @app.get("/v1/boxes/<box>/events")
    def show_events(box: str) -> Response:
        key = _asked_journal(folder, box)
        first = _number("from", 0, uploads.MAX_SEQ)
        limit = _number("limit", overview.MAX_PAGE_EVENTS, overview.MAX_PAGE_EVENTS)
        return _json(database.read(lambda conn: overview.events(conn, key, first, limit)))

    app.register_error_handler(StallError, _told_error)
    app.register_error_handler(HTTPException, _told_http_error)
    app.register_error_handler(SQLAlchemyError, _told_database_error)
    return app


def _told(answer: replicate.Answer) -> dict[str, object]:
    return {
        "verdicts": [{"seq": each.seq, "verdict": each.verdict.value, "reason": each.reason} for each in answer.judged],
        "next": answer.next,
        "cosigned": answer.cosigned,
        "newest": answer.newest,
        "children": [
            {"note": child.note, "opening": b64.encode(child.opening), "proof": child.proof}
            for child in answer.children
        ],
    }


def _asked_journal(folder: CloudFolder, box: str) -> JournalKey:
    """Check the reader's token and the names in the address.

    Raises Refused `token-required`, WireError `thumbprint-malformed` or `epoch-malformed`.
    """
    _check_token(folder)
    epoch = request.args.get("epoch", "")
    uploads.check_thumbprint(box)
    uploads.epoch_bytes(epoch)
    return JournalKey(folder.owner_id, box, epoch)


def _check_token(folder: CloudFolder) -> None:
    """Let only the cloud's owner read. Raises Refused `token-required`."""
    given = request.headers.get("Authorization", "").encode()
    wanted = f"Bearer {folder.token}".encode()
    # Equal lengths, so that the comparison tells nothing about the token.
    if not hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(wanted).digest()):
        raise Refused(
            "token-required",
            "This is for the cloud's owner. Send the token of owner.token as: Authorization: Bearer TOKEN",
        )


def _number(name: str, default: int, most: int) -> int:
    written = request.args.get(name)
    if written is None:
        return default
    digits = written.isascii() and written.isdigit() and len(written) <= len(str(most))
    if not digits or int(written) > most:
        raise Refused("number-malformed", f"`{name}` is not a number this page takes. Write one from 0 to {most}.")
    return int(written)


def _json(document: object, status: int = 200) -> Response:
    answer = Response(canonical.dumps(document), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _error(code: str, sentence: str, status: int) -> Response:
    return _json({"error": code, "sentence": sentence}, status)


def _told_error(error: StallError) -> Response:
    logger.warning("request.refused", path=request.path[:LOGGED_CHARS], error=error.code)
    answer = _error(error.code, error.sentence, STATUS.get(error.code) or _status_of(error))
    if isinstance(error, Retry):
        answer.headers["Retry-After"] = str(max(1, round(error.after_s)))
    return answer


def _status_of(error: StallError) -> int:
    match error:
        case Retry():
            return 503
        case Broken():
            return 500
        case Hostile() | Refused():
            return 400
        case _:
            return 500


def _told_http_error(error: HTTPException) -> Response:
    if error.code == STATUS["upload-too-large"]:
        return _error("upload-too-large", "The upload exceeds 256 KiB. Send fewer events at once.", error.code)
    status = error.code or 500
    return _error(f"http-{status}", f"The cloud answers {status} {error.name}. Check the address.", status)


def _told_database_error(error: SQLAlchemyError) -> Response:
    logger.error("database.failed", kind=type(error).__name__)
    return _error("cloud-database", "The cloud's database failed. Nothing was stored; send it again later.", 500)
