"""The strict front: what every signed token must be before anybody looks at what it claims."""

from __future__ import annotations

import json
from itertools import count

from stall.wire import b64, canonical, jws, keys, receipt
from tests.wire import documents as doc
from tests.wire import ed25519
from tests.wire.casebook import Case, Document, Given
from tests.wire.documents import forge, forge_raw

_HEADER = canonical.dumps({"alg": "Ed25519", "kid": doc.BOX.thumbprint, "typ": receipt.RECEIPT})
_CLAIMS = doc.receipt_claims()
_GOOD = forge(doc.BOX, receipt.RECEIPT, _CLAIMS)
_HEAD, _PAYLOAD, _SIGNATURE = _GOOD.split(".")
_NEXT = {"A": "B", "Q": "R", "g": "h", "w": "x"}


def _with_payload(payload: bytes) -> str:
    return forge_raw(doc.BOX, _HEADER, payload)


def _signed(text: str) -> str:
    """Header and claims in any spelling of base64, signed as they stand."""
    return f"{text}.{b64.encode(doc.BOX.sign(text.encode()))}"


def _spelled(**options: object) -> Given:
    """The same claims in another spelling: read is any JSON, written only one."""
    payload = json.dumps(_CLAIMS, **options).encode()  # type: ignore[arg-type]  # options of json.dumps, whatever they are
    return {"claims": _CLAIMS, "token": _with_payload(payload)}


def _header(rule: str, code: str, /, **header: object) -> Case:
    return Case("2.2", rule, code, {"token": forge(doc.BOX, receipt.RECEIPT, {}, **header)})


def _json(rule: str, code: str, payload: bytes) -> Case:
    return Case("2.4", rule, code, {"token": _with_payload(payload)})


def _token(section: str, rule: str, code: str, token: str) -> Case:
    return Case(section, rule, code, {"token": token})


def _replaced(signature: bytes) -> str:
    return f"{_HEAD}.{_PAYLOAD}.{b64.encode(signature)}"


def _not_below_order() -> bytes:
    """The good signature with the order of the group added to S, which says the same to who does not look."""
    r, s = _BYTES[:32], int.from_bytes(_BYTES[32:], "little")
    return r + (s + ed25519.ORDER).to_bytes(32, "little")


def _under_weak_key() -> Given:
    """A token that anybody can make: R is the neutral point, S is 0, and the claims count until [k]A is the neutral point too."""
    kid, signature = keys.thumbprint(doc.WEAK_KEY), ed25519.encoded(ed25519.ZERO) + bytes(32)
    header = b64.encode(canonical.dumps({"alg": "Ed25519", "kid": kid, "typ": receipt.RECEIPT}))
    texts = (f"{header}.{b64.encode(canonical.dumps(doc.receipt_claims(seq=seq)))}" for seq in count())
    signed = next(text for text in texts if ed25519.holds(doc.WEAK_KEY, text.encode(), signature))
    return {"token": f"{signed}.{b64.encode(signature)}", "key": {"kid": kid, "public": doc.WEAK_KEY.hex()}}


def _trusted(given: Given) -> dict[str, bytes]:
    """The keys of all cases, and the one that a case brings along."""
    own = given.get("key")
    return doc.TRUSTED if own is None else {**doc.TRUSTED, own["kid"]: bytes.fromhex(own["public"])}


_SAID, _BYTES = f"{_HEAD}.{_PAYLOAD}".encode(), b64.decode(_SIGNATURE)
_STRANGERS = forge(doc.STRANGER, receipt.RECEIPT, _CLAIMS)
_VOID = forge(doc.BOX, receipt.VOID, doc.receipt_claims(ref=doc.JTI))

DOCUMENT = Document(
    name="tokens",
    section="2",
    head={"typ": receipt.RECEIPT},
    read=lambda given: jws.verify(given["token"], _trusted(given), receipt.RECEIPT),
    valid=[
        {"claims": _CLAIMS, "token": _GOOD},
        _spelled(indent=2),
        _spelled(sort_keys=False, separators=(" , ", " : ")),
    ],
    invalid=[
        _token("2.1", "padding appended", "token-malformed", _GOOD + "="),
        _token("2.1", "standard alphabet", "token-malformed", f"{_HEAD}.{_PAYLOAD[:-1]}+.{_SIGNATURE}"),
        _token("2.1", "unused bits of the signature set", "base64-not-canonical", _GOOD[:-1] + _NEXT[_GOOD[-1]]),
        _token("2.1", "unused bits of the claims set", "base64-not-canonical", _signed(f"{_HEAD}.e31")),
        _token("2.1", "line break at the end", "token-malformed", _GOOD + "\n"),
        _token("2.1", "four segments", "token-malformed", _GOOD + ".AA"),
        _token("2.1", "signature left out", "token-malformed", f"{_HEAD}.{_PAYLOAD}."),
        _token("2.1", "longer than 64 Ki characters", "token-too-large", _GOOD + "A" * 65536),
        _header("alg none", "token-bad-algorithm", alg="none"),
        _header("alg HS256", "token-bad-algorithm", alg="HS256"),
        _header("alg EdDSA, deprecated by RFC 9864", "token-bad-algorithm", alg="EdDSA"),
        _header("typ left out", "token-bad-header", typ=None),
        _header("kid is a path", "token-bad-header", kid="../../etc/passwd"),
        _header("kid is a number", "token-bad-header", kid=7),
        _header("embedded key", "token-bad-header", jwk={"kty": "OKP"}),
        _header("crit present", "token-bad-header", crit=[]),
        _header("b64 present", "token-bad-header", b64=False),
        _header("header too long", "token-bad-header", typ="x" * 300),
        _token("2.2", "header names alg twice", "json-duplicate-name",
               forge_raw(doc.BOX, b'{"alg":"Ed25519",' + _HEADER[1:], b"{}")),
        _token("2.2", "another type", "token-wrong-type", _VOID),
        _token("2.3", "signed by a stranger", "token-unknown-key", _STRANGERS),
        _token("2.3", "claims replaced", "token-bad-signature", f"{_HEAD}.{b64.encode(b'{}')}.{_SIGNATURE}"),
        _token("2.3", "signature of another token", "token-bad-signature", _GOOD[:-86] + forge(doc.BOX, "x", {})[-86:]),
        _token("2.3", "S not below the order of the group", "token-bad-signature", _replaced(_not_below_order())),
        _token("2.3", "holds only when multiplied by the cofactor", "token-bad-signature",
               _replaced(ed25519.sign_with_torsion(doc.BOX.seed, _SAID))),
        _token("2.3", "R in a second spelling", "token-bad-signature",
               _replaced(ed25519.sign_with_second_spelling(doc.BOX.seed, _SAID))),
        Case("3", "trusted key of low order", "key-low-order", _under_weak_key()),
        _json("claims name iss twice", "json-duplicate-name", b'{"iss":"a","iss":"b"}'),
        _json("claims in UTF-16", "json-not-utf8", '{"iss":"é"}'.encode("utf-16")),
        _json("byte order mark", "json-byte-order-mark", b'\xef\xbb\xbf{"iss":"a"}'),
        _json("a float", "json-not-integer", b'{"iat":1.5}'),
        _json("a float that is whole", "json-not-integer", b'{"iat":1.0}'),
        _json("an exponent", "json-not-integer", b'{"iat":1e3}'),
        _json("not a number", "json-not-integer", b'{"iat":NaN}'),
        _json("integer beyond 2^53-1", "json-integer-range", b'{"iat":9007199254740992}'),
        _json("lone surrogate", "json-surrogate", rb'{"iss":"\ud800"}'),
        _json("a character of Unicode 15", "json-unassigned", '{"iss":"\U0001fae8"}'.encode()),
        _json("a character of Unicode 15 in a name", "json-unassigned", '{"\u0cf3":1}'.encode()),
        _json("a noncharacter", "json-unassigned", '{"iss":"\ufdd0"}'.encode()),
        _json("not NFC", "json-not-nfc", '{"iss":"e\u0301"}'.encode()),
        _json("nine levels", "json-too-deep", b'{"a":' * 9 + b"1" + b"}" * 9),
        _json("5 000 levels", "json-too-deep", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        _json("claims are a list", "token-not-claims", b"[]"),
        _json("claims are not JSON", "json-malformed", b"{'iss':'a'}"),
        _json("text after the claims", "json-malformed", b"{} {}"),
    ],
)  # fmt: skip
