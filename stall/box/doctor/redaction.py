"""What is taken out of text before it leaves the box: the box's own secrets in every spelling, and whatever looks like one.

Two nets, one behind the other: `Redactor` knows the secrets of this box and finds them plain, in hexadecimal, in base64 and percent-encoded;
the patterns take out what it cannot know, like the code of a claim, a card's number, or who was on the Wi-Fi.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

#: A secret shorter than this is taken out only behind its own name: it would blank half of every text.
SHORTEST = 6
#: Numbers of cards, also in groups, with the digits around them.
_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){11,18}(?![\w.])|(?<=\*)\d{4}\b|(?<=[xX]{4})\d{4}\b")
#: Rights to look, to download, to claim: what stands behind these paths opens something.
_CAPABILITY = re.compile(r"(/(?:o|g|f|r|c|t|T|thumb|receipt|enrol)[/#])[^\s\"'<>]+")
#: Codes as people read them: groups of four capitals and digits, some of them digits.
_GROUPED = re.compile(r"\b(?=[0-9A-Z -]*\d)[0-9A-HJKMNP-TV-Z]{4}(?:[ -][0-9A-HJKMNP-TV-Z]{4}){2,7}\b")
#: Anything random of 80 bits and more: codes, ids, keys, hashes. Device names keep theirs: which reader it is must be seen.
_RANDOM = re.compile(r"(?<![\w/.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{16,}={0,2}(?![\w-])")
_MAC = re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_IPV6 = re.compile(
    r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|:)|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}\S*"
)
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")
_QUERY = re.compile(r"(?<=[?&])([\w-]+)=[^\s&\"']+")
#: What stands behind such a name is nobody's business, however short.
_NAME = r"[\w-]*(?:passw|passphrase|psk|secret|token|grant|\bpin\b|pin_|_pin|_code|claim|api[_-]?key|authorization|cookie)[\w-]*"
_NAMED = re.compile(
    rf"(?i)(\b{_NAME}[\"']?\s*[=:]\s*|--{_NAME}\s+)(?:(?:basic|bearer)\s+)?(?P<value>\"[^\"\n]*\"|'[^'\n]*'|\S+)"
)
#: The same in a sentence: "The PIN, shown this once: 123456", "the password is 123456".
_SPOKEN = re.compile(r"(?i)\b(pin\b\D{0,24}?|pass(?:word|phrase) is )(?=\S*\d)[\w-]{4,}")
#: What dnsmasq says of phones: their names, which people give them, and what they ask for.
_LEASE = re.compile(r"(DHCP[A-Z]+\([\w.-]+\)).*")
_ASKED = re.compile(r"((?:query|forwarded|reply|config|cached)(?:\[\w+\])?) \S+ (from|to|is) \S+")
_LINKS = re.compile(r"(set\s+\$stall_links\s+)\S+")
#: Addresses that name nobody.
_OURS = {"0.0.0.0", "255.255.255.0", "255.255.255.255", "192.0.2.1", "10.42.0.1", "192.0.2.0", "10.42.0.0"}  # noqa: S104 - told, not listened on


class Redactor:
    """Takes secrets out of text. What it was told and what it finds is replaced by a word in brackets that says what stood there."""

    def __init__(self, secrets: Iterable[bytes] = ()) -> None:
        """Know these secrets; empty and very short ones are left to the patterns."""
        known = {form for secret in secrets if len(secret) >= SHORTEST for form in spellings(secret)}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if longest_first else None

    def text(self, text: str) -> str:
        """The text without them."""
        if self._known is not None:
            text = self._known.sub("(secret)", text)
        text = _LINKS.sub(r"\1(secret)", text)
        text = _NAMED.sub(_behind_name, text)
        text = _SPOKEN.sub(r"\1(secret)", text)
        text = _LEASE.sub(r"\1 (phone)", text)
        text = _ASKED.sub(r"\1 (name) \2 (address)", text)
        text = _CREDENTIALS.sub("(secret)@", text)
        text = _CAPABILITY.sub(r"\1(right)", text)
        text = _QUERY.sub(r"\1=(value)", text)
        text = _MAC.sub("(mac)", text)
        text = _MAIL.sub("(mail)", text)
        text = _GROUPED.sub("(code)", text)
        text = _RANDOM.sub("(random)", text)
        text = _CARD.sub("(number)", text)
        text = _IPV4.sub(lambda found: found[0] if _is_plain(found[0]) else "(address)", text)
        return _IPV6.sub("(address)", text)

    def value(self, value: object) -> object:
        """The same for every text in what JSON can hold."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return value


def spellings(secret: bytes) -> Iterator[str]:
    """How a secret may stand in a text: as it is, percent-encoded, in hexadecimal, and in base64 at any of its three beginnings."""
    yield secret.hex()
    yield secret.hex(" ")
    yield secret.hex(":")
    try:
        plain = secret.decode()
    except UnicodeDecodeError:
        plain = ""
    if plain.isprintable() and plain:
        yield from {plain, quote(plain, safe=""), quote_plus(plain), plain.replace("\\", "\\\\").replace('"', '\\"')}
    for before in range(3):
        coded = base64.b64encode(bytes(before) + secret).decode().rstrip("=")
        whole = coded[-(-before * 8 // 6) : len(coded) - (1 if (before + len(secret)) % 3 else 0)]
        if len(whole) >= SHORTEST:
            yield from {whole, whole.replace("+", "-").replace("/", "_")}


def _behind_name(found: re.Match[str]) -> str:
    if found["value"] in {'""', "''"}:
        return found[0]
    mark = found["value"][0] if found["value"][0] in "\"'" else ""
    return f"{found[1]}{mark}(secret){mark}"


def _is_plain(address: str) -> bool:
    """Whether an address is this box's own or nobody's; a version of a program looks like one, and is none with a leading 0."""
    return address in _OURS or address.startswith("127.")
