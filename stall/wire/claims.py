"""The vocabulary all claims are typed with: ids, names, times, money (the rules common to every signed document).

What breaks it is refused by one of eight codes, `member-…`, the same in every document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, NoReturn, TypeVar, get_args

import msgspec
from msgspec import Meta

from stall.errors import WireError
from stall.wire import assigned

# The last character of 43 carries two unused bits, that of 22 four; only zero bits are canonical (RFC 4648 3.5).
_B43 = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_ID22 = r"[A-Za-z0-9_-]{21}[AQgw]"
_ID22_RULE = re.compile(_ID22, re.ASCII)

B43 = Annotated[str, Meta(pattern=rf"^{_B43}\Z")]
"""base64url of 32 bytes: the thumbprint of a key."""

H = B43
"""base64url SHA-256 of the exact bytes of a token."""

Id22 = Annotated[str, Meta(pattern=rf"^{_ID22}\Z")]
"""base64url of 16 random bytes."""

Did = Annotated[str, Meta(pattern=r"^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}\Z")]
"""An Ed25519 did:key; whether its key is fit is for `keys.public_from_did` to say."""

Time = Annotated[int, Meta(ge=1_577_836_800, le=4_102_444_800)]
"""Seconds UTC, 2020-01-01 to 2100-01-01."""

MAX_MONEY = 10**9
Money = Annotated[int, Meta(ge=-MAX_MONEY, le=MAX_MONEY)]
"""Minor units; negative in refunds."""

Amount = Annotated[int, Meta(ge=0, le=MAX_MONEY)]
"""Minor units, never negative."""

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
"""ISO 4217."""

MAX_EDITION = 100_000
EditionNumber = Annotated[int, Meta(ge=1, le=MAX_EDITION)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]
DropId = Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,64}\Z")]
HexSha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]

# Control characters could rewrite a terminal that shows the text, direction overrides what a person reads.
_OVERRIDES = r"\u202a-\u202e\u2066-\u2069"
MAX_TEXT = 200
Text = Annotated[str, Meta(pattern=rf"^[^\x00-\x1f\x7f-\x9f{_OVERRIDES}]*\Z", min_length=1, max_length=MAX_TEXT)]
LongText = Annotated[str, Meta(pattern=rf"^[^\x00-\x09\x0b-\x1f\x7f-\x9f{_OVERRIDES}]*\Z", max_length=2000)]

CLOCK_SOURCES = Literal["ntp", "rtc", "operator", "floor"]


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything that stands in a signed document: unknown names refused, absent ones not written."""

    strict: ClassVar[type[Claims] | None] = None
    """The type that tells what is wrong, where this one leaves the forms of many texts to `formed`."""

    def formed(self) -> bool:
        """Tell whether the texts whose form the type leaves open are written as they must be."""
        return True


AnyClaims = TypeVar("AnyClaims", bound=Claims)


def is_id22(value: object) -> bool:
    """Tell whether `value` is base64url text of exactly 16 bytes."""
    return isinstance(value, str) and _ID22_RULE.fullmatch(value) is not None


def typed(claims: Mapping[str, Any], kind: type[AnyClaims], what: str) -> AnyClaims:
    """Give claims read strictly (strict_json) the type `kind`; `what` names the document to people.

    No claim may be null. `ext` is not looked into. Raises WireError `member-…`, naming the first member that is wrong.
    """
    if isinstance(claims, Mapping):
        _refuse_null(claims, what)
    return converted(claims, kind, what)


def _refuse_null(claims: Mapping[str, Any], what: str) -> None:
    looked_into = without_ext(claims)
    if has_null(looked_into) or claims.get("ext", "") is None:
        place = next(_nulls(looked_into, ""), "ext")
        raise WireError(
            "member-null", f"In the {what}, {_named(place)} is empty. Correct it, or ask its signer for another."
        )


def converted(claims: Mapping[str, Any], kind: type[AnyClaims], what: str) -> AnyClaims:
    """Do the same for claims of our own making, in which null means left out."""
    try:
        document = msgspec.convert(claims, kind)
    except (msgspec.ValidationError, ValueError):  # the latter for half a character, if nothing else is wrong before it
        document = None
    if document is None or not document.formed():
        _refuse(claims, kind.strict or kind, what)
    return document


def _refuse(claims: Mapping[str, Any], kind: type[Claims], what: str) -> NoReturn:
    """Name the first member that is wrong, as the type sees it that looks at each by itself."""
    try:
        msgspec.convert(claims, kind)
    except msgspec.ValidationError as error:
        raise _refusal(what, str(error)) from error
    raise _of_value(what, "Expected `str` ", _named(""))


def form(kind: object) -> Callable[[str], object]:
    """What tells whether a text has the form of its kind (`Currency`, `Id22`, ...), exactly as the types tell it."""
    (pattern,) = [meta.pattern for meta in get_args(kind)[1:]]
    return re.compile(pattern).search


def read_canonical(payload: bytes, kind: type[AnyClaims]) -> AnyClaims | None:
    """Read claims that are spelled exactly as we would spell them; None if they are not, whatever the reason.

    Where writing the document again gives the very bytes, nothing else can stand in them: no name twice, unknown or
    null, no float, no second spelling; the type bounds numbers and depth. So strict_json need not look again, which
    takes longer than the signature. What is None here may still be right, and is for `typed` to judge or to name.
    For types without an open object other than `ext`, whose integers are all bounded.
    """
    try:
        document: AnyClaims = _decoder(kind).decode(payload)
        same = _encode(document) == payload and document.formed()
        sure = same and (payload.isascii() or assigned.is_settled_nfc(payload.decode("utf-8")))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return document if sure and getattr(document, "ext", None) is None else None


@lru_cache(maxsize=64)
def _decoder(kind: type[Claims]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


_encode = msgspec.json.Encoder(order="sorted").encode
_FIELD = re.compile(r"field `(?P<name>[^`]*)`")
_HARMLESS = re.compile(r"[A-Za-z0-9_@.\[\]-]{1,80}", re.ASCII)


def _refusal(what: str, message: str) -> WireError:
    """Say by which code claims are refused: only the library's own words tell what it found, and where."""
    problem, _, place = message.partition(" - at `")
    place = place.removesuffix("`").removeprefix("$").removeprefix(".")
    if problem.startswith("Object "):
        field = _FIELD.search(problem)
        return _of_object(what, problem, f"{place}.{field['name']}".removeprefix(".") if field else place)
    return _of_value(what, problem, _named(place))


def _of_object(what: str, problem: str, place: str) -> WireError:
    if problem.startswith("Object contains unknown field"):
        return WireError(
            "member-unknown", f"The {what} may not have {_named(place)}. Take it out, or ask its signer for another."
        )
    return WireError("member-missing", f"The {what} lacks {_named(place)}. Correct it, or ask its signer for another.")


def _of_value(what: str, problem: str, member: str) -> WireError:
    remedy = "Correct it, or ask its signer for another."
    if problem.startswith("Invalid enum value"):
        return WireError("member-choice", f"In the {what}, {member} is none of the words it may be. {remedy}")
    if problem.startswith("Expected `array` of length"):
        return WireError("member-count", f"In the {what}, {member} has too few or too many entries. {remedy}")
    if problem.startswith("Expected `str` "):
        return WireError("member-form", f"In the {what}, {member} is not written as it must be. {remedy}")
    if problem.startswith(("Expected `int` ", "Integer ", "Number ")):
        return WireError("member-range", f"In the {what}, {member} is too small or too large. {remedy}")
    return WireError("member-type", f"In the {what}, {member} is of the wrong kind. {remedy}")


def _nulls(value: object, place: str) -> Iterator[str]:
    """Where null stands."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _nulls(item, f"{place}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for item in value:
            yield from _nulls(item, f"{place}[...]")
    elif value is None:
        yield place


def _named(place: str) -> str:
    """Name a member in a sentence; its name may come from anybody."""
    return f"“{place}”" if _HARMLESS.fullmatch(place) else "one of its members"


def has_null(value: object) -> bool:
    """Tell whether null stands anywhere: no claim may be null, an optional one is left out.

    Values may come from anywhere, but only after strict_json limited their depth.
    """
    if isinstance(value, dict):
        inside: Iterable[object] = value.values()
    elif isinstance(value, list):
        inside = value
    else:
        return value is None
    return any(type(item) is not str and has_null(item) for item in inside)  # most are text: not worth a call


def of(document: Claims) -> dict[str, Any]:
    """Write a document's claims as plain values for `jws.sign`; optional claims at their default are left out."""
    # By way of JSON, because only that turns tuples into the lists a reader of the token gets.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def without_ext(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims a verifier looks into: all but `ext`."""
    return {name: value for name, value in claims.items() if name != "ext"}
