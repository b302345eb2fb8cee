"""Make JavaScript of this folder smaller without changing what it does: what nothing names goes, names are shortened.

Reads tokens, not programs, and wants code as it is written here: `const` and `let`, and no name of the browser's for something of
one's own in the same statement. What it makes is run by the tests on every golden vector.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import ascii_uppercase

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

FREQUENT = "epatdrisncolywuhgvbfzxkjmq"
"""Letters by how the page weighs least with them as names; found by trying."""


def shortened(cut: list[Token]) -> list[Token]:
    """Write `const a = 1; let b = 2;` as one statement, `(a) => …` without its brackets, and no sign before a bracket that closes."""
    cut = [token._replace(text="let" if token.text == "const" else _quoted(token.text)) for token in cut]
    solid = [token for token in cut if token.kind != "space"]
    inside = brackets(solid, "")
    gone: set[int] = set()
    heads = [""]  # of each open bracket the word that its running statement began with
    blocks: list[bool] = []  # of each open brace whether it holds statements
    begins = True
    for at, token in enumerate(solid):
        if begins:
            if token.text == "let" == heads[-1] and solid[at - 1].text == ";":
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


def _quoted(text: str) -> str:
    """A text in double quotes, where it holds none."""
    return f'"{text[1:-1]}"' if text[0] == "'" and not set(text[1:-1]) & set('"\\') else text


def _says_nothing(solid: list[Token], at: int) -> bool:
    """Whether the comma or semicolon before a closing bracket may go: not those of holes, nor where it is all that a loop does."""
    if solid[at].text == ",":
        return solid[at - 1].text not in (",", "[")
    if solid[at].text != ";" or solid[at + 1].text != "}":
        return False
    return solid[at - 1].text != ")" or solid[opening_of(solid, at - 1) - 1].text not in ("if", "for", "while")


def as_arrow(cut: list[Token]) -> list[Token]:
    """Write a function at the top of a module, `function a(b) {…}`, as `const a = (b) => {…};`: nothing there asks for `this`."""
    solid = [at for at, token in enumerate(cut) if token.kind != "space"]
    words = [cut[at].text for at in solid[:2]]
    if words[0] != "function" and words != ["async", "function"]:
        return cut
    begin = solid[words.index("function") + 1]
    if cut[begin].text == "*":
        return cut
    opening = next(at for at in solid if cut[at].text == "(")
    closing = closing_of(cut, opening) + 1
    head = [
        Token("word", "const"),
        Token("space", " "),
        cut[begin],
        Token("sign", "="),
        *(Token("word", word) for word in words if word == "async"),
    ]
    return [*head, *cut[opening:closing], Token("sign", "=>"), *cut[closing:], Token("sign", ";")]


def put_where_used(cuts: list[list[Token]], kept: Collection[str]) -> None:
    """Write what is named once where it is used: functions, texts, numbers, patterns. After `renamed`, so no name means another there."""
    uses = Counter[str]()
    home: dict[str, list[Token]] = {}
    for cut in cuts:
        uses.update(token.text for token in cut if token.kind == "word")
        own = _declared_by(cut)
        home |= {token.text: cut for token in cut if token.kind == "word" and token != own}
    for cut in cuts:
        name = _declared_by(cut)
        if name is None or uses[name.text] != 2 or name.text in kept:  # noqa: PLR2004  # where it is declared, and once more
            continue
        begin = cut.index(Token("sign", "=")) + 1
        value = [token for token in cut[begin:-1] if token.kind != "space"]
        if not _is_inert(value):
            continue
        there = home[name.text]
        around = [token.text for token in there if token.kind != "space"]
        at = around.index(name.text)
        here = cut[begin:-1]
        if len(value) > 1 and (around[at - 1] not in _ROOM_BEFORE or around[at + 1] not in _ROOM_AFTER):
            here = [Token("sign", "("), *here, Token("sign", ")")]
        at = there.index(name)
        there[at : at + 1] = here
        home |= {token.text: there for token in here if token.kind == "word"}
        cut.clear()


def _declared_by(cut: list[Token]) -> Token | None:
    """The one name that `const a = …;` declares."""
    solid = (token for token in cut if token.kind != "space")
    first, name, equals = next(solid, None), next(solid, None), next(solid, None)
    return name if first == ("word", "const") and equals == ("sign", "=") and cut[-1] == ("sign", ";") else None


_ROOM_BEFORE = frozenset(("(", ",", "=", ":", "[", "=>", "return"))
_ROOM_AFTER = frozenset((")", ",", ";", "]", "}", ":"))


def _is_inert(value: list[Token]) -> bool:
    """Whether a value is the same wherever it is written: a function, or what names nothing."""
    if len(value) == 1 or value[0].text in ("[", "{"):
        return value[1:] != [Token("sign", "}")] and all(
            token.kind != "word" or token.text[0].isdigit() or after.text == ":"
            for token, after in zip(value, [*value[1:], value[0]], strict=True)
        )
    begin = 1 if value[0].text == "async" else 0
    arrow = (
        begin + 1 if value[begin].kind == "word" else closing_of(value, begin) + 1 if value[begin].text == "(" else 0
    )
    return 0 < arrow < len(value) and value[arrow].text == "=>" and _end_of_arrow(value, arrow + 1) == len(value)


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
_HARMLESS = re.compile(r"async|\(|[\w$]+=>|\{|freeze\(\{")


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
    """Give names their short ones: those of the module by `short`, members of namespaces by `spaces`, others by `_local_names`.

    Members of objects keep theirs; `{kid}` becomes `{kid:a}`.
    """
    solid = [token for token in unit.cut if token.kind != "space"]
    inside = brackets(solid, unit.inside)
    roles = [_role(solid, inside, at) if _is_name(token) else "member" for at, token in enumerate(solid)]
    local = _local_names(solid, inside, roles, short)
    if {solid[at].text for at in local} & spaces.keys():
        raise Unreadable("a name that is also that of an imported module")
    out, at, skip = list[Token](), -1, 0
    for token in unit.cut:
        if token.kind == "space":
            out.append(token)
            continue
        at += 1
        name = token.text
        if skip:
            skip -= 1
        elif roles[at] == "member":
            out.append(token)
        elif name in spaces and solid[at + 1].text == ".":
            out.append(Token("word", spaces[name][solid[at + 2].text]))
            skip = 2
        else:
            given = short.get(name) or local.get(at) or name
            if roles[at] == "both" and given != name:
                out += [token, Token("sign", ":")]
            out.append(Token("word", given))
    return out if unit.inside else as_arrow(out)


def _is_name(token: Token) -> bool:
    return token.kind == "word" and token.text not in KEYWORDS and NAME.fullmatch(token.text) is not None


@dataclass
class _Scope:
    """A function from its parameters to its end: names it declares, and what they are called."""

    begin: int
    end: int
    names: dict[str, str]


def _local_names(solid: list[Token], inside: list[str], roles: list[str], short: Mapping[str, str]) -> dict[int, str]:
    """What each use of a name of a function's own is called, by its place: a, b, c, not those of what is around it and used in it."""
    scopes = [_Scope(0, len(solid), {}), *_functions(solid, inside)]
    for name, at in _declared(solid, inside):
        if name not in KEYWORDS and name not in short:
            max((one for one in scopes if one.begin <= at < one.end), key=lambda one: one.begin).names[name] = ""
    uses: list[tuple[int, _Scope, str]] = []
    for at, token in enumerate(solid):
        if roles[at] != "member":
            around = [one for one in scopes if one.begin <= at < one.end and token.text in one.names]
            if around:
                uses.append((at, max(around, key=lambda one: one.begin), token.text))
    foreign = {token.text for at, token in enumerate(solid) if roles[at] != "member"} - {name for _, _, name in uses}
    for scope in sorted(scopes, key=lambda one: one.begin):
        taken = {one.names[name] for at, one, name in uses if scope.begin <= at < scope.end} | foreign
        free = (name for name in _lower() if name not in taken)
        used = [name for _, one, name in uses if one is scope]
        for name in dict.fromkeys(used):
            scope.names[name] = next(free)
    return {at: scope.names[name] for at, scope, name in uses}


def _functions(solid: list[Token], inside: list[str]) -> Iterator[_Scope]:
    for at, token in enumerate(solid):
        before = solid[at - 1].text if at else ""
        if token.text == "=>":
            begin = at - 1 if before != ")" else opening_of(solid, at - 1)
            yield _Scope(begin, _end_of_arrow(solid, at + 1), {})
        elif token.text == "{" and before == ")" and inside[at] != "(":
            begin = opening_of(solid, at - 1)
            if solid[begin - 1].text not in ("if", "for", "while", "switch"):
                yield _Scope(begin, closing_of(solid, at) + 1, {})


def _end_of_arrow(solid: list[Token], begin: int) -> int:
    if solid[begin].text == "{":
        return closing_of(solid, begin) + 1
    depth = asked = 0
    for at in range(begin, len(solid)):
        depth += step(solid[at])
        asked += (solid[at].text == "?") - (solid[at].text == ":") if depth == 0 else 0
        if depth < 0 or asked < 0 or (depth == 0 and solid[at].text in (",", ";")):
            return at
    return len(solid)


def _lower() -> Iterator[str]:
    yield from (letter + digit for digit in ("", *"0123456789") for letter in FREQUENT)


def upper() -> Iterator[str]:
    """Short names for what a module declares: none of those that are given within it, and of letters that are frequent anyway."""
    yield from ascii_uppercase
    yield from (
        first + second for second in FREQUENT + FREQUENT.upper() for first in FREQUENT if first + second not in KEYWORDS
    )


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


def _declared(solid: list[Token], inside: list[str]) -> Iterator[tuple[str, int]]:
    """Names that are declared, each with a place in the function that they belong to."""
    for at, token in enumerate(solid):
        before = solid[at - 1].text if at else ""
        if token.kind == "word" and before in ("function", "class"):
            yield token.text, at
        if token.text in ("const", "let"):
            yield from ((name, at) for name in _listed(solid, at))
    for one in _functions(solid, inside):
        if solid[one.begin].text == "(":
            yield from ((name, one.begin) for name in _named(solid, one.begin, closing_of(solid, one.begin)))
        else:
            yield solid[one.begin].text, one.begin


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
