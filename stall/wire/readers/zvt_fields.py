"""The fields inside ZVT command units: BMPs with their length rules, BER-TLV, BCD, and card data removed.

A BMP that is not in the table ends the walk, because its length is unknown; what follows is left alone.
Card numbers, tracks, expiry and the like are cut out here, before anybody can log or keep them
(PA00P015 rev. 13.08, chapter on BMPs).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from stall.errors import LocalWireError

LL, LLL, TLV = -2, -3, -1
CONTAINER = 0x06

LENGTHS: dict[int, int] = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x8A, 0x8C, 0xA0, 0xD0, 0xD2, 0xD3, 0xE0, 0xE9, 0xEA), 1),
    **dict.fromkeys((0xF0, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD), 1),
    **dict.fromkeys((0x0D, 0x0E, 0x17, 0x3A, 0x49, 0x87), 2),
    **dict.fromkeys((0x0B, 0x0C, 0x37, 0x3D, 0x88, 0xAA), 3),
    0x29: 4,
    0xBA: 5,
    0x04: 6,
    **dict.fromkeys((0x3B, 0xEB), 8),
    0x2A: 15,
    **dict.fromkeys((0x22, 0x23, 0x2D, 0x8B, 0xA7, 0xD1, *range(0xE1, 0xE9), *range(0xF1, 0xF9)), LL),
    **dict.fromkeys((0x24, 0x2E, 0x3C, 0x60, 0x92, 0x9A, 0xAF), LLL),
    0x06: TLV,
}
"""Length of each BMP's value: bytes, or LL, LLL (decimal digits Fx Fy …), or TLV (BER length)."""

KEPT = frozenset(
    {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0B, 0x0C, 0x0D, 0x19, 0x27, 0x29, 0x2A, 0x37, 0x3B, 0x3C, 0x49, 0x60}
    | {0x87, 0x88, 0x8A, 0x8B, 0x8C, 0xA0, 0xAA, 0xD0}
)
"""BMPs whose values may be kept and traced; every other value is blanked."""

_KEPT_HOLDERS = frozenset({0x24, 0x27, 0x2F})
KEPT_TAGS = _KEPT_HOLDERS | {0x07, 0x14, 0x1F10, 0x1F11, 0x1F12, 0x1F16, 0x1F17, 0x1F1F, 0x1F2B, 0x1F44, 0x41}
"""TLV tags whose values may be kept and traced; EMV data and anything unknown is blanked."""

_TEXTS = frozenset({0x07, 0x1F17})
LONGEST_NUMBER = 6
"""Bytes that the value of any other kept tag may have; packed, a card number is longer."""

_CHARSET = 0x14
_CHARSETS: dict[int, str] = {
    0x00: "ascii", **{part: f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))}, 0xFE: "utf-8", 0xFF: "cp437",
}  # fmt: skip
"""What TLV 14 says of the terminal's texts: the parts of ISO 8859 by their numbers (there is no part 12)."""

_CARD_NUMBER = re.compile(rb"[0-9*xX#](?:[\x00-\x20./\xa0\xc2\xff-]{0,2}[0-9*xX#]){12,}")
"""Thirteen digits and more, those counted that the terminal itself has masked; a slip sets them apart as it likes."""
_MAX_TLV_DEPTH = 8
_LONG_FORM = 0x80
_MORE_TAG = 0x1F
_ONE_BYTE = 0xFF


@dataclass(frozen=True, slots=True)
class Field:
    """One BMP: its number, its value and where the value stands in the walked data."""

    tag: int
    value: bytes
    start: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk over BMPs found; `stopped_at` is the offset of the first byte that was not understood."""

    fields: tuple[Field, ...]
    stopped_at: int | None

    def first(self, tag: int) -> bytes | None:
        """The value of the first field with this tag."""
        return next((each.value for each in self.fields if each.tag == tag), None)


@dataclass(frozen=True, slots=True)
class Node:
    """One TLV object: tag, raw value with its offset, and the objects inside when it is constructed."""

    tag: int
    value: bytes
    start: int
    children: tuple[Node, ...] = field(default=())


def walk(data: bytes) -> Walk:
    """Read BMPs until the end or until one that is unknown or cut short. Raises nothing."""
    fields: list[Field] = []
    offset = 0
    while offset < len(data):
        bounds = _value_bounds(data, offset)
        if bounds is None or bounds[1] > len(data):
            return Walk(tuple(fields), offset)
        start, end = bounds
        fields.append(Field(data[offset], data[start:end], start))
        offset = end
    return Walk(tuple(fields), None)


def _value_bounds(data: bytes, offset: int) -> tuple[int, int] | None:
    rule = LENGTHS.get(data[offset])
    start = offset + 1
    if rule is None:
        return None
    if rule > 0:
        return start, start + rule
    if rule == TLV:
        return _ber_bounds(data, start)
    size = _decimal_length(data[start : start - rule])
    return None if size is None else (start - rule, start - rule + size)


def _decimal_length(places: bytes) -> int | None:
    """The number that LL or LLL bytes F0 to F9 spell, or None."""
    text = "".join(f"{byte:x}" for byte in places)
    numbers = text[1::2]
    return int(numbers) if text[::2] == "f" * len(places) and numbers.isdecimal() else None


def take_variable(data: bytes, places: int) -> tuple[bytes, bytes] | None:
    """The LL or LLL value that opens `data`, and what follows it; None when none opens it."""
    size = _decimal_length(data[:places])
    if size is None or len(data) < places + size:
        return None
    return data[places : places + size], data[places + size :]


def _ber_bounds(data: bytes, offset: int) -> tuple[int, int] | None:
    """Bounds of a value whose BER length (00-7F, 81 n, 82 hi lo) stands at `offset`."""
    if offset >= len(data):
        return None
    first = data[offset]
    if first < _LONG_FORM:
        return offset + 1, offset + 1 + first
    extra = first - _LONG_FORM
    if extra not in (1, 2) or offset + 1 + extra > len(data):
        return None
    size = int.from_bytes(data[offset + 1 : offset + 1 + extra], "big")
    return offset + 1 + extra, offset + 1 + extra + size


def nodes(data: bytes, base: int = 0, depth: int = 0) -> tuple[Node, ...]:
    """Read TLV objects as far as they make sense; deeper than eight levels is left closed. Raises nothing."""
    found: list[Node] = []
    offset = 0
    while offset < len(data):
        tag_end = _tag_end(data, offset)
        bounds = _ber_bounds(data, tag_end)
        if bounds is None or bounds[1] > len(data):
            break
        start, end = bounds
        value = data[start:end]
        constructed = data[offset] & 0x20 and depth < _MAX_TLV_DEPTH
        inside = nodes(value, base + start, depth + 1) if constructed else ()
        found.append(Node(int.from_bytes(data[offset:tag_end], "big"), value, base + start, inside))
        offset = end
    return tuple(found)


def is_tlv(data: bytes) -> bool:
    """Whether TLV objects fill `data` to its last byte."""
    tree = nodes(data)
    return (tree[-1].start + len(tree[-1].value) if tree else 0) == len(data)


def _tag_end(data: bytes, offset: int) -> int:
    """A tag goes on while its low five bits are all set, then while bit 7 is set."""
    end = offset + 1
    if data[offset] & _MORE_TAG == _MORE_TAG:
        while end < len(data) and data[end] & 0x80:
            end += 1
        end += 1
    return end


def find(tree: tuple[Node, ...], *path: int) -> bytes | None:
    """The first value at a path of tags, for example find(tree, 0x24, 0x07)."""
    here = (node for node in tree if node.tag == path[0])
    if len(path) == 1:
        return next((node.value for node in here), None)
    return next((value for node in here if (value := find(node.children, *path[1:])) is not None), None)


def charset(tree: tuple[Node, ...]) -> str | None:
    """The name of the character set that TLV 14 announces, alone or in 27; None when it announces none we know."""
    said = find(tree, _CHARSET) or find(tree, 0x27, _CHARSET)
    return _CHARSETS.get(said[0]) if said else None


def digits(value: bytes) -> str | None:
    """The decimal digits of a BCD value, or None when a nibble is none."""
    text = value.hex()
    return text if text.isdecimal() else None


def number(value: bytes | None) -> int | None:
    """A BCD value as a number; None for an absent or a non-decimal one."""
    text = digits(value) if value else None
    return None if text is None else int(text)


def bcd(value: int, size: int) -> bytes:
    """`value` as `size` bytes of BCD. Raises LocalWireError when it does not fit."""
    text = str(value)
    if value < 0 or len(text) > size * 2:
        raise LocalWireError("zvt-number", f"{value} is too long for the card terminal. Take cash.")
    return bytes.fromhex(text.zfill(size * 2))


def variable(value: bytes, places: int) -> bytes:
    """`value` behind its LL (places 2) or LLL (places 3) length."""
    text = str(len(value)).zfill(places)
    if len(text) > places:
        raise LocalWireError("zvt-field-length", f"{len(value)} bytes are too many for the card terminal. Take cash.")
    return bytes(0xF0 | int(digit) for digit in text) + value


def container(value: bytes) -> bytes:
    """BMP 06: a TLV container behind its BER length."""
    return tlv(CONTAINER, value)


def tlv(tag: int, value: bytes) -> bytes:
    """One TLV object: its tag of one or two bytes, its BER length (00-7F or 82 hi lo), its value."""
    size = len(value)
    length = bytes([size]) if size < _LONG_FORM else b"\x82" + size.to_bytes(2, "big")
    return tag.to_bytes(1 if tag <= _ONE_BYTE else 2, "big") + length + value


def mask_card_numbers(value: bytes) -> bytes:
    """Overwrite runs of 13 digits and more, spaced or not, masked in part or not, with stars; the length stays."""
    return _CARD_NUMBER.sub(lambda match: b"*" * len(match[0]), value)


def text(value: bytes | None, charset: str = "cp437") -> str | None:
    """Readable text of a field: card numbers masked, control bytes and padding removed."""
    if value is None:
        return None
    plain = mask_card_numbers(value).decode(charset, errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in plain).strip() or None


def last4(value: bytes | None) -> str | None:
    """At most four trailing digits of BMP 22 (E = masked, F = padding); the rest is dropped here."""
    if value is None:
        return None
    number, _, _ = value.hex().partition("d")  # some terminals send a track here; behind D stand expiry and more
    match = re.search(r"[0-9]{1,4}$", number.rstrip("f"))
    return match[0] if match else None


def blank_fields(data: bytes) -> bytes:
    """`data` with every value outside KEPT zeroed, card numbers masked, and the part not understood zeroed."""
    walked = walk(data)
    clean = bytearray(data)
    for each in walked.fields:
        end = each.start + len(each.value)
        if each.tag == CONTAINER:
            clean[each.start : end] = blank_nodes(each.value)
        else:
            clean[each.start : end] = _clean(each.value, kept=each.tag in KEPT)
    if walked.stopped_at is not None:
        clean[walked.stopped_at :] = bytes(len(data) - walked.stopped_at)
    return bytes(clean)


def blank_nodes(data: bytes) -> bytes:
    """The same for the objects of a TLV container: only values of KEPT_TAGS stay."""
    clean = bytearray(len(data))

    def keep(tree: tuple[Node, ...], start: int) -> None:
        for node in tree:
            clean[start : node.start] = data[start : node.start]
            end = node.start + len(node.value)
            if node.children and node.tag in KEPT_TAGS:
                keep(node.children, node.start)
            elif not node.value or _may_be_traced(node):
                clean[node.start : end] = _clean(node.value, kept=True)
            start = end

    keep(nodes(data), 0)
    return bytes(clean)


def _may_be_traced(node: Node) -> bool:
    return node.tag in KEPT_TAGS - _KEPT_HOLDERS and (node.tag in _TEXTS or len(node.value) <= LONGEST_NUMBER)


def _clean(value: bytes, *, kept: bool) -> bytes:
    return mask_card_numbers(value) if kept else bytes(len(value))
