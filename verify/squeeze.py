"""Make JavaScript of this folder smaller without changing what it does: what nothing names goes, names are shortened.

Reads tokens, not programs, and wants code as it is written here: `const` and `let`, and no name of the browser's for something of
one's own in the same statement. What it makes is run by the tests on every golden vector.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import ascii_letters, ascii_lowercase, ascii_uppercase

from verify.tokens import (
    CLOSE,
    KEYWORDS,
    NAME,
    OPEN,
    Token,
    Unreadable,
    brackets,
    closing_of,
    kind_of_brace,
    opening_of,
    step,
    written,
)


def shortened(cut: list[Token]) -> list[Token]:
    """Write `const a = 1; const b = 2;` as one statement, `(a) => …` without its brackets, and no sign before a bracket that closes."""
    solid = [token for token in cut if token.kind != "space"]
    inside = brackets(solid, "")
    gone: set[int] = set()
    heads = [""]  # of each open bracket the word that its running statement began with
    blocks: list[bool] = []  # of each open brace whether it holds statements
    begins = True
    for at, token in enumerate(solid):
        if begins:
            if token.text == "const" == heads[-1] and solid[at - 1].text == ";":
                solid[at - 1] = Token("sign", ",")
                gone.add(at)
            heads[-1] = token.text
        begins = token.text == ";" and inside[at] in ("", "block")
        if token.kind == "sign" and token.text in OPEN:
            heads.append("")
            if token.text == "{":
                blocks.append(kind_of_brace(solid, at) != "object")
                begins = blocks[-1]
        elif token.kind == "sign" and token.text in CLOSE:
            heads.pop()
            if token.text == "}" and blocks.pop():
                heads[-1], begins = "", True
        if at and token.kind == "sign" and token.text in CLOSE and _says_nothing(solid, at - 1):
            gone.add(at - 1)
        if (
            token.text == "=>"
            and [one.text for one in solid[at - 3 : at : 2]] == ["(", ")"]
            and solid[at - 2].kind == "word"
            and solid[at - 4].text != "async"
        ):
            gone |= {at - 3, at - 1}
    kept, at = list[Token](), -1
    for token in cut:
        at += token.kind != "space"
        if token.kind == "space":
            kept.append(token)
        elif at not in gone:
            kept.append(solid[at])
    return kept


def _says_nothing(solid: list[Token], at: int) -> bool:
    """Whether the comma or semicolon before a closing bracket may go: not those of holes, nor where it is all that a loop does."""
    if solid[at].text == ",":
        return solid[at - 1].text not in (",", "[")
    if solid[at].text != ";" or solid[at + 1].text != "}":
        return False
    return solid[at - 1].text != ")" or solid[opening_of(solid, at - 1) - 1].text not in ("if", "for", "while")


@dataclass(frozen=True)
class Unit:
    """A statement at the top of a module, or a member of a class there: what it declares ("" if nothing), and its tokens."""

    name: str
    cut: list[Token]
    may_go: bool
    inside: str = ""
    """`class` for a member of one."""

    @cached_property
    def names(self) -> Counter[str]:
        """How often it uses each name, as a variable or a member."""
        return names(self.cut)


_DECLARING = re.compile(
    r"(?:export )?(?:(?P<kind>const|let) (?P<name>[\w$]+)=(?P<value>.{0,12})|(?:async )?function\*? ?(?P<function>[\w$]+)|class (?P<class>[\w$]+))"
)
_HARMLESS = re.compile(r"async|\(|[\w$]+=>|freeze\(\{")


def units(cut: list[Token]) -> Iterator[Unit]:
    """Cut a module into its statements; a class into its head, members and end."""
    for statement in _statements(cut):
        found = _DECLARING.match(written(statement))
        name = (found["name"] or found["function"] or found["class"]) if found else ""
        if found and found["class"]:
            yield from _members(statement)
        else:
            value = found["value"] if found else None
            yield Unit(name or "", statement, bool(name) and (value is None or _HARMLESS.match(value) is not None))


def _statements(cut: list[Token]) -> Iterator[list[Token]]:
    depth, begun = 0, list[Token]()
    for at, token in enumerate(cut):
        begun.append(token)
        depth += step(token)
        ends = token == ("sign", ";")
        if token == ("sign", "}") and depth == 0:
            head = next((one.text for one in begun if one.kind != "space" and one.text != "export"), "")
            ends = head in ("function", "class", "async", "for", "if", "while") and (
                at + 1 == len(cut) or cut[at + 1].text == "\n"
            )
        if depth == 0 and ends:
            yield begun
            begun = []
    if any(token.kind != "space" for token in begun):
        yield begun


def _members(cut: list[Token]) -> Iterator[Unit]:
    begin = next(at for at, token in enumerate(cut) if token.text == "{") + 1
    yield Unit("", cut[:begin], may_go=False)
    depth, member = 0, list[Token]()
    for token in cut[begin:-1]:
        member.append(token)
        depth += step(token)
        if depth == 0 and token.text in ("}", ";"):
            words = [
                one.text for one in member if one.kind == "word" and one.text not in ("static", "get", "set", "async")
            ]
            yield Unit(words[0], member, words[0] != "constructor" and token.text == "}", "class")
            member = []
    yield Unit("", [*member, cut[-1]], False, "class")


def names(cut: list[Token]) -> Counter[str]:
    """Count the names that tokens use, as variables or members."""
    return Counter(token.text for token in cut if token.kind == "word" and NAME.fullmatch(token.text))


def declared(unit: Unit) -> set[str]:
    """The names that a statement declares for its whole module; a member of a class declares none."""
    solid = [token for token in unit.cut if token.kind != "space"]
    if unit.inside or not solid:
        return set()
    at = next((at for at, token in enumerate(solid[:2]) if token.text in ("const", "let", "function", "class")), None)
    if at is None:
        return set()
    return {*_listed(solid, at)} if solid[at].text in ("const", "let") else {unit.name or solid[at + 1].text}


def renamed(unit: Unit, short: Mapping[str, str], spaces: Mapping[str, Mapping[str, str]]) -> list[Token]:
    """Give names their short ones: those of the module by `short`, members of namespaces by `spaces`, others in order a, b, c.

    Members of objects keep theirs; `{kid}` becomes `{kid:a}`.
    """
    solid = [token for token in unit.cut if token.kind != "space"]
    inside = brackets(solid, unit.inside)
    own = {name for name in _locals(solid, inside) if name not in KEYWORDS}
    if own & spaces.keys():
        raise Unreadable(f"a name that is also that of an imported module: {own & spaces.keys()}")
    free = (name for name in _lower() if name not in names(solid) or name in own)
    local: dict[str, str] = {}
    out, at, skip = list[Token](), -1, 0
    for token in unit.cut:
        if token.kind == "space":
            out.append(token)
            continue
        at += 1
        name = token.text
        if skip:
            skip -= 1
            continue
        role = _role(solid, inside, at) if token.kind == "word" and name not in KEYWORDS else "member"
        if role == "member":
            out.append(token)
            continue
        if name in spaces and solid[at + 1].text == ".":
            out.append(Token("word", spaces[name][solid[at + 2].text]))
            skip = 2
            continue
        if name not in short and name in own and name not in local:
            local[name] = next(free)
        given = short.get(name) or local.get(name) or name
        out.append(Token("word", f"{name}:{given}" if role == "both" and given != name else given))
    return out


def _lower() -> Iterator[str]:
    yield from (letter + digit for digit in ("", *"0123456789") for letter in ascii_lowercase)


def upper() -> Iterator[str]:
    """Short names for what a module declares: none of those that are given within it."""
    yield from (first + second for second in ("", *ascii_letters) for first in ascii_uppercase)


def _role(solid: list[Token], inside: list[str], at: int) -> str:
    before, after = solid[at - 1].text if at else "", solid[at + 1].text if at + 1 < len(solid) else ""
    if before in (".", "?.", "#"):
        return "member"
    if inside[at] == "class" and before in ("{", "}", ";", "static", "get", "set", "async"):
        return "member"
    if inside[at] == "object" and before in ("{", ",", "get", "set", "async"):
        if after in (":", "("):
            return "member"
        if after in (",", "}", "="):
            return "both"
    return "variable"


def _locals(solid: list[Token], inside: list[str]) -> Iterator[str]:
    for at, token in enumerate(solid):
        before = solid[at - 1].text if at else ""
        if token.kind == "word" and before in ("function", "class"):
            yield token.text
        if token.text in ("const", "let"):
            yield from _listed(solid, at)
        if token.text == "=>":
            yield from [before] if before != ")" else _named(solid, opening_of(solid, at - 1), at - 1)
        if token.text == "{" and before == ")" and inside[at] != "(":
            begin = opening_of(solid, at - 1)
            if solid[begin - 1].text not in ("if", "for", "while", "switch"):
                yield from _named(solid, begin, at - 1)


def _named(solid: list[Token], begin: int, end: int) -> Iterator[str]:
    """The names in parameters or a pattern: not those of members, nor what a default calls."""
    for at in range(begin + 1, end):
        token, after = solid[at], solid[at + 1].text
        if (
            token.kind == "word"
            and NAME.fullmatch(token.text)
            and solid[at - 1].text not in (".", "=")
            and after not in (":", "(", ".")
        ):
            yield token.text


def _listed(solid: list[Token], begin: int) -> Iterator[str]:
    """The names of `const a = 1, { b, c: d } = e;`."""
    depth = 0
    for at in range(begin + 1, len(solid)):
        token, before = solid[at], solid[at - 1].text
        if depth == 0 and (at == begin + 1 or before == ","):
            if token.kind == "word":
                yield token.text
            elif token.text in ("{", "["):
                yield from _named(solid, at, closing_of(solid, at))
        depth += step(token)
        if depth < 0 or (depth == 0 and token.text in (";", "of", "in")):
            return
