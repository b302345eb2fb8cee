"""A page as a person meets it: words, links, and forms with their buttons. Pure; knows no address of ours.

The demo's own check walks through the stall with this, so that it sees what a phone sees and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from stall.errors import Broken

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_UNSENT = frozenset({"submit", "button", "image", "reset", "file"})
_TICKED = frozenset({"checkbox", "radio"})


@dataclass
class Element:
    """One element with what stands in it."""

    tag: str
    attributes: dict[str, str]
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its words, with single spaces between them."""
        words = "".join(part if isinstance(part, str) else f" {part.text} " for part in self.parts)
        return " ".join(words.split())

    def all(self, tag: str | None = None, css: str | None = None) -> Iterator[Element]:
        """Every element inside, in order, of this tag and with this class name."""
        for part in self.parts:
            if isinstance(part, Element):
                if tag in {None, part.tag} and (css is None or css in part.attributes.get("class", "").split()):
                    yield part
                yield from part.all(tag, css)


@dataclass(frozen=True)
class Form:
    """A form as it would be sent: where to, the fields as they stand, and the button that was pressed.

    `names` are all its fields, with the boxes that are not ticked.
    """

    method: str
    action: str
    fields: dict[str, str]
    names: frozenset[str]

    def filled(self, **typed: str | None) -> dict[str, str]:
        """The fields with something typed into them, or a tick taken away (None).

        Raises Broken `page-without` for a field that is not there.
        """
        for name in typed:
            if name not in self.names:
                raise Broken("page-without", f"The form {self.action} has no field {name!r}.")
        return {name: value for name, value in {**self.fields, **typed}.items() if value is not None}


class Page:
    """One page that was opened."""

    def __init__(self, address: str, html: str) -> None:
        """Read `html`, which was found at `address`."""
        self.address = address
        reader = _Reader()
        reader.feed(html)
        reader.close()
        self.root = reader.root

    def first(self, tag: str | None = None, css: str | None = None) -> Element:
        """The first such element. Raises Broken `page-without`."""
        found = next(self.root.all(tag, css), None)
        if found is None:
            raise Broken("page-without", f"The page {self.address} has no <{tag or '*'}> of class {css!r}.")
        return found

    def has(self, tag: str | None = None, css: str | None = None) -> bool:
        """Whether there is such an element."""
        return next(self.root.all(tag, css), None) is not None

    def links(self, words: str = "") -> list[tuple[str, str]]:
        """Words and address of each link whose words contain `words`."""
        found = [(each.text, each.attributes.get("href", "")) for each in self.root.all("a")]
        return [(text, address) for text, address in found if words in text and address]

    def link(self, words: str) -> str:
        """The address of the first link with these words. Raises Broken `page-without`."""
        for _, address in self.links(words):
            return address
        raise Broken("page-without", f"The page {self.address} has no link “{words}”. It says: {self.root.text[:200]}")

    def form(self, button: str, value: str | None = None) -> Form:
        """The form whose button says `button` (and, with `value`, sends it), as pressing that button sends it.

        Raises Broken `page-without`.
        """
        for form, each in self._buttons(button, value):
            return _as_sent(form, each)
        raise Broken(
            "page-without", f"The page {self.address} has no button “{button}”. It says: {self.root.text[:200]}"
        )

    def offers(self, button: str, value: str | None = None) -> bool:
        """Whether such a button is there to be pressed."""
        return next(self._buttons(button, value), None) is not None

    def _buttons(self, words: str, value: str | None) -> Iterator[tuple[Element, Element]]:
        for form in self.root.all("form"):
            for each in form.all("button"):
                wanted = words in each.text and value in {None, each.attributes.get("value")}
                if wanted and "disabled" not in each.attributes:
                    yield form, each


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        if self._open[-1].tag not in {"script", "style"}:
            self._open[-1].parts.append(data)


def _as_sent(form: Element, button: Element) -> Form:
    fields, names = {}, set()
    for each in form.all("input"):
        name, kind = each.attributes.get("name"), each.attributes.get("type", "text")
        if name is None or kind in _UNSENT:
            continue
        names.add(name)
        if kind not in _TICKED or "checked" in each.attributes:
            fields[name] = each.attributes.get("value", "on" if kind in _TICKED else "")
    for each in form.all("select"):
        offered = [
            option.attributes | {"value": option.attributes.get("value", option.text)} for option in each.all("option")
        ]
        name = each.attributes.get("name")
        if name is None or not offered:
            continue
        names.add(name)
        fields[name] = next((option for option in offered if "selected" in option), offered[0])["value"]
    if "name" in button.attributes:
        fields[button.attributes["name"]] = button.attributes.get("value", "")
    method = form.attributes.get("method", "get").upper()
    action = button.attributes.get("formaction", form.attributes.get("action", ""))
    return Form(method, action, fields, frozenset(names))
