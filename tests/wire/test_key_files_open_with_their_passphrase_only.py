"""Key files: open, sealed, bound. Each opens with what it was closed with, and no hostile file asks for more than it may."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, Refused, Retry, StallError, WireError
from stall.wire import b64, fingerprint, keyfile
from stall.wire.keyfile import Bound, Cost, Open, Sealed
from stall.wire.keys import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
CHEAP = Cost(n=16_384, r=1, p=1)
WORDS = "four old words drawn"
SALT, NONCE = bytes(range(16)), bytes(range(12))
SECRET, SERIAL = bytes([5]) * 32, "10000000abcdef01"

SEALED_FILE = (
    b'{"d":"8258ciiKAQy2Z_nCjpQeFE-NWM51w3X3nQNxk8iXR73G7a4BRIQfBo4YPyjIy3F4","kdf":{"n":16384,"name":"scrypt","p":1,"r":1,"salt":"AAECAwQFBgcICQoLDA0ODw"},'
    b'"nonce":"AAECAwQFBgcICQoL","typ":"stall-sealed-key-v1","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}\n'
)


def sealed(passphrase: str = WORDS) -> Sealed:
    return keyfile.seal(KEY, passphrase, salt=SALT, nonce=NONCE, cost=CHEAP)


def bound(secret: bytes = SECRET, serial: str = SERIAL) -> Bound:
    return keyfile.bind(KEY, secret, serial, nonce=NONCE)


def read_sealed(data: bytes) -> Sealed:
    document = keyfile.parse(data)
    assert isinstance(document, Sealed)
    return document


def test_a_sealed_key_opens_with_its_passphrase() -> None:
    data = keyfile.write(sealed())
    assert keyfile.open(read_sealed(data), WORDS).seed == KEY.seed
    assert keyfile.public(read_sealed(data)) == KEY.public


def test_a_sealed_file_is_written_in_one_way() -> None:
    assert keyfile.write(sealed()) == SEALED_FILE


def test_a_sealed_file_is_what_its_description_says() -> None:
    """Read by other hands: scrypt of the standard library, then AES-256-GCM with the public half beside it."""
    said = json.loads(SEALED_FILE)
    kdf, raw = said["kdf"], {name: b64.decode(said[name]) for name in ("d", "nonce", "x")}
    words = WORDS.encode()
    key = hashlib.scrypt(words, salt=b64.decode(kdf["salt"]), n=kdf["n"], r=kdf["r"], p=kdf["p"], dklen=32)
    assert AESGCM(key).decrypt(raw["nonce"], raw["d"], raw["x"]) == KEY.seed


def test_the_seed_stands_in_a_sealed_file_in_no_spelling() -> None:
    data = keyfile.write(keyfile.seal(KEY, WORDS, salt=SALT, nonce=NONCE, cost=CHEAP))
    assert b64.encode(KEY.seed).encode() not in data
    assert KEY.seed.hex().encode() not in data


@pytest.mark.parametrize("wrong", ["", "four old words draw", "Four old words drawn", "x" * 10_000])
def test_no_other_passphrase_opens_it(wrong: str) -> None:
    with pytest.raises(Refused) as refused:
        keyfile.open(sealed(), wrong)
    assert refused.value.code == "key-passphrase-wrong"
    assert wrong not in refused.value.sentence or not wrong


def test_a_passphrase_is_the_same_from_any_keyboard() -> None:
    composed, decomposed, wide = "Prüfstück zwölf", "Pru\u0308fstu\u0308ck zwo\u0308lf", "\uff30rüfstück zwölf"
    for typed in (decomposed, wide):
        assert keyfile.open(sealed(composed), typed).seed == KEY.seed


@pytest.mark.parametrize("short", ["", "ninechars", "         "])
def test_a_short_passphrase_seals_nothing(short: str) -> None:
    with pytest.raises(Refused) as refused:
        sealed(short)
    assert refused.value.code == "key-passphrase-short"


def test_bytes_that_are_no_text_are_refused_as_a_passphrase() -> None:
    broken = "ten letters \udcff"
    for call in (lambda: sealed(broken), lambda: keyfile.open(sealed(), broken)):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.code == "key-passphrase-text"


def test_what_seals_is_of_the_right_size_or_nothing_is_sealed() -> None:
    for salt, nonce in ((SALT[1:], NONCE), (SALT, NONCE[1:])):
        with pytest.raises(LocalWireError):
            keyfile.seal(KEY, WORDS, salt=salt, nonce=nonce, cost=CHEAP)
    with pytest.raises(LocalWireError):
        keyfile.bind(KEY, SECRET, SERIAL, nonce=b"")
    with pytest.raises(LocalWireError):
        keyfile.bind(KEY, SECRET[1:], SERIAL, nonce=NONCE)


def test_memory_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(keyfile, "Scrypt", no_memory)
    with pytest.raises(Retry, match="2 MiB") as retry:
        keyfile.open(read_sealed(SEALED_FILE), WORDS)
    assert retry.value.code == "key-memory"


def test_an_open_key_is_read_as_it_always_was() -> None:
    old = {"kty": "OKP", "crv": "Ed25519", "d": b64.encode(KEY.seed), "x": b64.encode(KEY.public)}
    document = keyfile.parse(json.dumps(old).encode() + b"\n")
    assert isinstance(document, Open)
    assert keyfile.key_of(document).seed == KEY.seed
    assert json.loads(keyfile.write(keyfile.unsealed(KEY))) == old


def test_a_bound_key_opens_with_its_boards_secret_and_serial_only() -> None:
    document = keyfile.parse(keyfile.write(bound()))
    assert isinstance(document, Bound)
    assert keyfile.unbind(document, SECRET, SERIAL).seed == KEY.seed
    assert document.hw == b64.encode(hashlib.sha256(SERIAL.encode()).digest())
    for secret, serial in ((bytes(32), SERIAL), (SECRET, "10000000abcdef02"), (SECRET, "")):
        with pytest.raises(WireError) as refused:
            keyfile.unbind(document, secret, serial)
        assert refused.value.code == "key-not-this-board"


OTHER = b64.encode(SigningKey.from_seed(bytes(32)).public)


@pytest.mark.parametrize("member", ["d", "nonce", "x", "salt", "n"])
def test_a_sealed_file_altered_anywhere_does_not_open(member: str) -> None:
    said = json.loads(SEALED_FILE)
    where = said["kdf"] if member in {"salt", "n"} else said
    where[member] = {"n": 32_768, "x": OTHER}.get(member) or "B" + where[member][1:]
    with pytest.raises(Refused) as refused:
        keyfile.open(read_sealed(json.dumps(said).encode()), WORDS)
    assert refused.value.code == "key-passphrase-wrong"


def hostile() -> list[bytes]:
    sealed_file: dict[str, Any] = json.loads(SEALED_FILE)
    bound_file: dict[str, Any] = msgspec.to_builtins(bound())
    open_file: dict[str, Any] = msgspec.to_builtins(keyfile.unsealed(KEY))
    costs: list[dict[str, Any]] = [
        {"n": 2**30},
        {"n": 2**19},
        {"n": 20_000},
        {"n": 1},
        {"n": 2**13},
        {"r": 9},
        {"r": 0},
        {"p": 5},
        {"p": -1},
        {"n": 2**16, "r": 1},
        {"n": 2**18, "r": 1},
    ]
    kdfs: list[dict[str, Any]] = [
        *costs,
        {"n": "131072"},
        {"n": None},
        {"name": "argon2id"},
        {"salt": "AA"},
        {"salt": "A" * 5000},
        {"more": 1},
    ]
    changes: list[dict[str, Any]] = [
        {"nonce": "AAAA"},
        {"d": "A" * 63},
        {"d": None},
        {"x": "A" * 42},
        {"x": 7},
        {"more": 1},
        {"typ": "v2"},
    ]
    opened: list[dict[str, Any]] = [{"crv": "P-256"}, {"d": "A" * 42}, {"alg": "EdDSA"}, {"typ": []}]
    files: list[Any] = [
        *({**sealed_file, "kdf": {**sealed_file["kdf"], **kdf}} for kdf in kdfs),
        *({**kind, **change} for kind in (sealed_file, bound_file) for change in changes),
        *({**open_file, **change} for change in opened),
        *(
            {name: value for name, value in kind.items() if name != "x"}
            for kind in (sealed_file, bound_file, open_file)
        ),
        {**sealed_file, "kdf": []},
        {**bound_file, "hw": None},
        [],
        None,
        "text",
        {},
    ]
    return [*(json.dumps(file).encode() for file in files), b"", b"\xff", b"[" * 900, SEALED_FILE * 2, b" " * 5000]


def test_a_hostile_file_is_refused_before_it_costs_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(keyfile, "Scrypt")
    for data in hostile():
        with pytest.raises(WireError) as refused:
            keyfile.parse(data)
        assert refused.value.code == "key-malformed", data


@pytest.mark.parametrize("cost", [Cost(n=32_768, r=1, p=1), Cost(n=65_536, r=2, p=1)])
def test_every_cost_that_is_read_can_be_paid(cost: Cost) -> None:
    """RFC 7914 wants n below 2^(16·r): these are the largest that are read for a small r."""
    document = keyfile.seal(KEY, WORDS, salt=SALT, nonce=NONCE, cost=cost)
    assert keyfile.open(read_sealed(keyfile.write(document)), WORDS).seed == KEY.seed


def test_halves_that_do_not_belong_together_are_no_key() -> None:
    document = msgspec.structs.replace(keyfile.unsealed(KEY), x=OTHER)
    with pytest.raises(WireError) as refused:
        keyfile.key_of(document)
    assert refused.value.code == "key-malformed"


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    with contextlib.suppress(StallError):
        keyfile.parse(data)


def test_the_usual_cost_is_what_it_is_said_to_be() -> None:
    assert (keyfile.USUAL.n, keyfile.USUAL.r, keyfile.USUAL.p) == (2**17, 8, 1)


def test_a_fingerprint_is_the_start_of_the_thumbprint_in_groups_to_read_aloud() -> None:
    said = fingerprint.of(KEY.public)
    assert [len(group) for group in said.split(" ")] == [4] * 8
    assert not set(said) & set("ILOU")
    number = int(f"{int.from_bytes(b64.decode(KEY.thumbprint)[:20]):b}", 2)
    for sign in reversed(said.replace(" ", "")):
        assert "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number % 32] == sign
        number //= 32
    assert number == 0
