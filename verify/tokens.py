"""JavaScript as tokens, and written again without comments and needless spaces.

Enough for code as it is written in this folder: semicolons, no labels, no `eval`, no pattern right behind a bracket that closes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

KEYWORDS = frozenset([
    "as", "async", "await", "break", "case", "catch", "class", "const", "constructor", "continue", "default",
    "delete", "do", "else", "export", "extends", "false", "finally", "for", "from", "function", "get", "if",
    "import", "in", "instanceof", "let", "new", "null", "of", "return", "set", "static", "super", "switch",
    "this", "throw", "true", "try", "typeof", "undefined", "void", "while", "yield",
])  # fmt: skip
_WORDS_BEFORE_PATTERN = frozenset(
    ["return", "typeof", "case", "in", "of", "void", "delete", "throw", "else", "do", "await", "yield"]
)
_SPACE = re.compile(r"(?:\s|/\*.*?\*/|//[^\n]*)+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_$][\w$]*|[0-9][\w.]*|\.[0-9]\w*")
_TEXT = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL)
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_SIGN = re.compile(
    r"\.\.\.|\?\.(?![0-9])|=>|>>>=?|\*\*=?|&&=?|\|\|=?|\?\?=?|[=!]==?|<<=?|>>=?|[-+*/%&|^<>]=|\+\+|--|.", re.DOTALL
)
_CHUNK = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
NAME = re.compile(r"[A-Za-z_$][\w$]*")
_LETTER = re.compile(r"[\w$]")


class Unreadable(Exception):
    """JavaScript that this does not read, in one sentence."""


class Token(NamedTuple):
    """`kind` is word, text (also patterns and pieces of templates), sign or space; a space is a blank or a line feed."""

    kind: str
    text: str


def tokens(code: str) -> list[Token]:
    """Cut JavaScript into tokens; comments are spaces. Pieces of a template stand around the tokens of its expressions."""
    return list(_cut(code))


def _cut(code: str) -> Iterator[Token]:
    at, last, braces = 0, Token("sign", ";"), [0]
    while at < len(code):
        found, kind = _SPACE.match(code, at), "space"
        if found is None:
            found, kind = _next(code, at, last, inside_template=len(braces) > 1 and braces[-1] == 0)
        text = found[0]
        at += len(text)
        if kind == "space":
            yield Token(kind, "\n" if "\n" in text else " ")
            continue
        if text == "{":
            braces[-1] += 1
        elif text == "}" and kind == "sign":
            braces[-1] -= 1
        if kind == "text" and text[0] == "}":
            braces.pop()
        if kind == "text" and text.endswith("${") and text[0] in "`}":
            braces.append(0)
        last = Token(kind, text)
        yield last


def _next(code: str, at: int, last: Token, *, inside_template: bool) -> tuple[re.Match[str], str]:
    sign = code[at]
    found, kind = None, "text"
    if sign in "\"'":
        found = _TEXT.match(code, at)
    elif sign == "`" or (sign == "}" and inside_template):
        found = re.compile(re.escape(sign) + _CHUNK.pattern, re.DOTALL).match(code, at)
    elif sign == "/" and _may_begin_pattern(last):
        found = _PATTERN.match(code, at)
    elif _WORD.match(code, at):
        found, kind = _WORD.match(code, at), "word"
    else:
        found, kind = _SIGN.match(code, at), "sign"
    if found is None:
        raise Unreadable(f"JavaScript that cannot be read: {code[at : at + 40]!r}")
    return found, kind


def _may_begin_pattern(last: Token) -> bool:
    if last.kind == "word":
        return last.text in _WORDS_BEFORE_PATTERN
    return last.kind == "sign" and last.text not in (")", "]", "}", "++", "--")


def written(cut: list[Token]) -> str:
    """Write tokens with no more spaces than they need: between words, between signs that would join, and line feeds that end a statement."""
    out: list[str] = []
    space = ""
    for token in cut:
        if token.kind == "space":
            space = "\n" if "\n" in (space, token.text) else " "
            continue
        out.append(_between(out[-1] if out else "", token.text, space))
        out.append(token.text)
        space = ""
    return "".join(out)


def _between(before: str, after: str, space: str) -> str:
    if not before:
        return ""
    if space == "\n" and before[-1] not in "{(,;[=:?&|<*" and after[0] not in ")]},;.?:&|=":
        return "\n"
    if _LETTER.match(before[-1]) and _LETTER.match(after[0]):
        return " "
    return " " if space and before[-1] in "+-/" and after[0] in "+-/>" else ""


OPEN, CLOSE = frozenset(("(", "[", "{")), frozenset((")", "]", "}"))
_BLOCK_AFTER = frozenset((")", "=>", ";", "{", "}", "else", "do", "try", "finally", "catch", ""))


def step(token: Token) -> int:
    """By how many brackets one is deeper behind a token; the expressions of a template are in brackets too."""
    if token.kind == "sign":
        return (token.text in OPEN) - (token.text in CLOSE)
    if token.kind != "text" or token.text[0] not in "`}":
        return 0
    return token.text.endswith("${") - (token.text[0] == "}")


def opening_of(solid: list[Token], closing: int) -> int:
    """Where the bracket was opened that closes at `closing`. Raises Unreadable."""
    depth = 0
    for at in range(closing, -1, -1):
        depth -= step(solid[at])
        if depth == 0:
            return at
    raise Unreadable("a bracket that was never opened")


def closing_of(solid: list[Token], opening: int) -> int:
    """Where the bracket is closed that opens at `opening`. Raises Unreadable."""
    depth = 0
    for at in range(opening, len(solid)):
        depth += step(solid[at])
        if depth == 0:
            return at
    raise Unreadable("a bracket that is never closed")


def brackets(solid: list[Token], begin: str) -> list[str]:
    """What each token stands directly in: (, [, block, class, object or what `begin` says."""
    stack, found = [begin], list[str]()
    for at, token in enumerate(solid):
        if len(stack) > 1 and (
            token.text in CLOSE if token.kind == "sign" else token.kind == "text" and token.text[0] == "}"
        ):
            stack.pop()
        found.append(stack[-1])
        if token.kind == "sign" and token.text in OPEN:
            stack.append(kind_of_brace(solid, at) if token.text == "{" else token.text)
        if token.kind == "text" and token.text[0] in "`}" and token.text.endswith("${"):
            stack.append("(")
    return found


def kind_of_brace(solid: list[Token], at: int) -> str:
    """What the brace at `at` opens: block, class or object; a pattern is an object."""
    before = [token.text for token in solid[max(0, at - 4) : at]]
    if "class" in before and before[-1] not in (")", "=>", "{", "}", ";"):
        return "class"
    return "block" if (before[-1] if before else "") in _BLOCK_AFTER else "object"
