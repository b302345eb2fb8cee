"""Key files: one Ed25519 key each, open, sealed with a passphrase, or bound to one board. Bytes in, a key out; no file here.

open    {kty, crv, d, x}: a JWK (RFC 8037), as every key was kept at first
sealed  {typ, x, kdf, nonce, d}: `d` is the seed under AES-256-GCM; its key comes from the passphrase by scrypt (RFC 7914)
bound   {typ, x, hw, nonce, d}: the same, its key by HKDF-SHA256 from the board's secret and serial number

In all of them `x` is the public half in base64url, readable by anybody; it is the associated data of the seal. What a
reader has to spend is bounded, so that no file can ask for more memory than a laptop has.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Meta

from stall.errors import LocalWireError, Refused, Retry, WireError
from stall.wire import assigned, b64, canonical, strict_json
from stall.wire import claims as rules
from stall.wire.keys import SigningKey

SEALED: Final = "stall-sealed-key-v1"
BOUND: Final = "stall-bound-key-v1"
MAX_BYTES = 1024
SALT_BYTES, NONCE_BYTES, SECRET_BYTES = 16, 12, 32
MIN_PASSPHRASE = 10
"""Characters. Four words drawn at random are better than ten that were thought of."""

_KEY_BYTES = 32
_BOARD_INFO = b"stall-board-v1"
_Nonce = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16}\Z")]
_SealedSeed = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{64}\Z")]


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member too many, missing or null refuses the file."""


class Cost(_Document, frozen=True, kw_only=True):
    """What scrypt costs: 128·n·r bytes of memory, p times over. The bounds are those of a reader."""

    n: Literal[16_384, 32_768, 65_536, 131_072, 262_144]
    r: Annotated[int, Meta(ge=1, le=8)]
    p: Annotated[int, Meta(ge=1, le=4)]


USUAL = Cost(n=131_072, r=8, p=1)
"""128 MiB and about half a second: once for a person, again and again for somebody who guesses."""


class Kdf(Cost, frozen=True, kw_only=True):
    """How the passphrase becomes a key."""

    name: Literal["scrypt"]
    salt: rules.Id22


class Open(_Document, frozen=True, kw_only=True):
    """A key that whoever reads the file has."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    d: rules.B43
    x: rules.B43


class Sealed(_Document, frozen=True, kw_only=True):
    """A key that opens with a passphrase."""

    typ: Literal["stall-sealed-key-v1"]
    x: rules.B43
    kdf: Kdf
    nonce: _Nonce
    d: _SealedSeed


class Bound(_Document, frozen=True, kw_only=True):
    """A key that opens on one board only; `hw` is the hash of that board's serial number."""

    typ: Literal["stall-bound-key-v1"]
    x: rules.B43
    hw: rules.H
    nonce: _Nonce
    d: _SealedSeed


KeyFile = Open | Sealed | Bound


def parse(data: bytes) -> KeyFile:
    """Read a key file of any kind, without opening it. Raises WireError `key-malformed`."""
    try:
        plain = strict_json.loads(data, max_bytes=MAX_BYTES)
        typ = plain.get("typ", "") if isinstance(plain, dict) else ""
        kind: type[KeyFile] = Sealed if typ == SEALED else Bound if typ == BOUND else Open
        document = msgspec.convert(plain, kind)
    except (WireError, msgspec.ValidationError) as error:
        raise _malformed() from error
    if isinstance(document, Sealed) and document.kdf.n >= 1 << 16 * document.kdf.r:
        raise _malformed()  # RFC 7914 clause 2: there is no such scrypt, however much memory is free
    return document


def write(document: KeyFile) -> bytes:
    """Write a key file: one line of canonical JSON."""
    return canonical.dumps(msgspec.to_builtins(document)) + b"\n"


def public(document: KeyFile) -> bytes:
    """Give the public half, which no passphrase covers. Only opening proves that it belongs to the other."""
    return b64.decode(document.x)


def unsealed(key: SigningKey) -> Open:
    """Describe a key as it is: whoever reads the file has it."""
    return Open(kty="OKP", crv="Ed25519", d=b64.encode(key.seed), x=b64.encode(key.public))


def key_of(document: Open) -> SigningKey:
    """Give the key of an open file. Raises WireError `key-malformed` if its halves do not belong together."""
    return _key(b64.decode(document.d), document.x)


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase no key should be sealed with: `key-passphrase-short`, `key-passphrase-text`."""
    if len(_normal(passphrase)) < MIN_PASSPHRASE:
        raise Refused(
            "key-passphrase-short",
            f"A passphrase has at least {MIN_PASSPHRASE} characters. Take a longer one, best four words drawn at random.",
        )
    _octets(passphrase)
    if assigned.first_unassigned(passphrase) is not None:  # what form it has, another machine may see otherwise
        raise Refused(
            "key-passphrase-text",
            f"The passphrase holds a character newer than Unicode {assigned.UNICODE}, which not every machine reads alike."
            " Take one without.",
        )


def seal(key: SigningKey, passphrase: str, *, salt: bytes, nonce: bytes, cost: Cost = USUAL) -> Sealed:
    """Seal a key with a passphrase; `salt` (16 bytes) and `nonce` (12) are random and used this once.

    Raises Refused as `check_passphrase`, LocalWireError `key-salt`, Retry `key-memory`.
    """
    check_passphrase(passphrase)
    _check_random(nonce, salt)
    kdf = Kdf(name="scrypt", salt=b64.encode(salt), n=cost.n, r=cost.r, p=cost.p)
    sealed = AESGCM(_stretched(passphrase, kdf)).encrypt(nonce, key.seed, key.public)
    return Sealed(typ=SEALED, x=b64.encode(key.public), kdf=kdf, nonce=b64.encode(nonce), d=b64.encode(sealed))


def open(document: Sealed, passphrase: str) -> SigningKey:  # noqa: A001  # always keyfile.open, like note.open
    """Open a sealed key. Raises Refused `key-passphrase-wrong`, `key-passphrase-text`; Retry `key-memory`."""
    try:
        return _unwrapped(_stretched(passphrase, document.kdf), document)
    except InvalidTag as error:
        raise Refused(
            "key-passphrase-wrong",
            "The passphrase does not open this key. Type it again; if it is lost, `stall keys recover` and the recovery"
            " sheet bring the key back.",
        ) from error


def bind(key: SigningKey, secret: bytes, serial: str, *, nonce: bytes) -> Bound:
    """Bind a key to the board that has this `secret` (32 bytes) and `serial`; `nonce` (12 bytes) is random, used once.

    Raises LocalWireError `key-salt`.
    """
    _check_random(nonce)
    sealed = AESGCM(_of_board(secret, serial)).encrypt(nonce, key.seed, key.public)
    x = b64.encode(key.public)
    return Bound(typ=BOUND, x=x, hw=board_hash(serial), nonce=b64.encode(nonce), d=b64.encode(sealed))


def unbind(document: Bound, secret: bytes, serial: str) -> SigningKey:
    """Open a key on its board. Raises WireError `key-not-this-board` for any other secret or serial."""
    try:
        return _unwrapped(_of_board(secret, serial), document)
    except InvalidTag as error:
        raise WireError(
            "key-not-this-board", "The key does not open with what this board keeps. Put it back into its own board."
        ) from error


def board_hash(serial: str) -> str:
    """Name a board without its serial number: base64url SHA-256 of it, as in a delegation's `hw`."""
    return b64.encode(hashlib.sha256(serial.encode()).digest())


def _unwrapped(wrapping: bytes, document: Sealed | Bound) -> SigningKey:
    nonce, sealed = b64.decode(document.nonce), b64.decode(document.d)
    return _key(AESGCM(wrapping).decrypt(nonce, sealed, b64.decode(document.x)), document.x)


def _key(seed: bytes, x: str) -> SigningKey:
    key = SigningKey.from_seed(seed)
    if not hmac.compare_digest(b64.encode(key.public), x):
        raise _malformed()
    return key


def _stretched(passphrase: str, kdf: Kdf) -> bytes:
    try:
        return Scrypt(b64.decode(kdf.salt), _KEY_BYTES, kdf.n, kdf.r, kdf.p).derive(_octets(passphrase))
    except MemoryError as error:
        mib = 128 * kdf.n * kdf.r >> 20
        raise Retry(
            "key-memory", f"Opening this key needs {mib} MiB of free memory. Close other programs and try again."
        ) from error


def _of_board(secret: bytes, serial: str) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise LocalWireError(
            "key-board-secret",
            f"A board's secret has {SECRET_BYTES} bytes, and this has not. Nothing was bound; use another board.",
        )
    return HKDF(SHA256(), _KEY_BYTES, None, _BOARD_INFO).derive(secret + serial.encode())


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFKC", passphrase)  # one passphrase, whatever keyboard it is typed on


def _octets(passphrase: str) -> bytes:
    try:
        return _normal(passphrase).encode()
    except UnicodeEncodeError as error:
        raise Refused(
            "key-passphrase-text", "The passphrase is no UTF-8 text. Type it again, or save it anew."
        ) from error


def _check_random(nonce: bytes, salt: bytes = bytes(SALT_BYTES)) -> None:
    if len(nonce) != NONCE_BYTES or len(salt) != SALT_BYTES:
        raise LocalWireError(
            "key-salt", "What makes a sealed key its own has the wrong length. Nothing was written; try again."
        )


def _malformed() -> WireError:
    return WireError("key-malformed", "This is not a key file, or it is damaged. Put it back from your backup.")
