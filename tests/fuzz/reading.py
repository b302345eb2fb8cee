"""What targets share: bytes to begin with, from the golden vectors, and claims signed for a fuzzer, which cannot sign."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from stall.errors import StallError
from stall.wire import canonical, jws, keys
from stall.wire import claims as rules
from tests.wire import casebook
from tests.wire import documents as doc

MOST_BYTES = 16 * 1024
AnyClaims = TypeVar("AnyClaims", bound=rules.Claims)


@dataclass(frozen=True)
class Target:
    """One reader: what to do with bytes, and bytes worth beginning with."""

    read: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]


class Signed(Protocol[AnyClaims]):
    """A module of `stall.wire` for a document that is claims."""

    def verify(self, token: str, keys: Mapping[str, bytes]) -> AnyClaims: ...

    def sign(self, key: keys.SigningKey, document: AnyClaims, /) -> str: ...


def claims(
    module: Signed[AnyClaims], typ: str, kind: type[AnyClaims], key: keys.SigningKey
) -> Callable[[bytes], object]:
    """Read claims of a type, signed by `key`. Both ways of opening must agree; what is taken can be signed again."""
    header = canonical.dumps({"alg": jws.ALGORITHM, "kid": key.thumbprint, "typ": typ})
    trusted = {key.thumbprint: key.public}

    def read(data: bytes) -> object:
        token = doc.forge_raw(key, header, data)
        found = [
            outcome(lambda: jws.open(token, trusted, typ, kind, "document")[0]),
            outcome(lambda: rules.typed(jws.verify(token, trusted, typ), kind, "document")),
        ]
        assert found[0] == found[1], found
        document = module.verify(token, trusted)
        again = outcome(lambda: module.verify(module.sign(key, document), trusted))
        assert again == document, again
        return document

    return read


def outcome(way: Callable[[], object]) -> object:
    """What a way of reading gives, or the code it refuses with."""
    try:
        return way()
    except StallError as error:
        return error.code


def payloads(name: str) -> Callable[[], list[bytes]]:
    """The claims of a vector file, right and wrong."""
    return lambda: _short(canonical.dumps(case["claims"]) for case in _cases(name) if "claims" in case)


def vectors(name: str, member: str) -> Callable[[], list[bytes]]:
    """One member of every case of a vector file."""

    def seeds() -> list[bytes]:
        given = [case[member] for case in _cases(name) if member in case]
        texts = [text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for text in given]
        return _short(text.encode("utf-8", "surrogatepass") for text in texts)

    return seeds


def _cases(name: str) -> list[dict[str, Any]]:
    document = casebook.documents()[name]
    return [*document.valid, *(case.given for case in document.invalid)]


def _short(found: Iterable[bytes]) -> list[bytes]:
    return [data for data in found if len(data) <= MOST_BYTES]
