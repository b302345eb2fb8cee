"""static/verify.html is what verify/ makes, weighs no more than it may, runs this script alone and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from verify import build, squeeze, tokens

MADE = (ROOT / "static/verify.html").read_text(encoding="utf-8")
PARTS = {
    "script": re.findall(r"<script>(.*?)</script>", MADE, re.DOTALL),
    "style": re.findall(r"<style>(.*?)</style>", MADE, re.DOTALL),
}


def test_the_committed_page_is_what_the_folder_makes() -> None:
    assert build.page() == MADE, "run: python verify/build.py"


def test_the_table_of_unicode_is_that_of_the_documents() -> None:
    assert build.TABLE.read_text(encoding="utf-8") == build.table(), "run: python verify/build.py"


def test_it_weighs_no_more_than_forty_kilobytes() -> None:
    assert build.weight(MADE) <= build.MOST == 40_000


@pytest.mark.parametrize("part", ["script", "style"])
def test_its_policy_names_the_hash_of_its_one(part: str) -> None:
    (text,) = PARTS[part]
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"{part}-src 'sha256-{digest}';" in MADE


def test_its_policy_allows_no_request_and_nothing_else() -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', MADE)
    allowed = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert allowed.keys() == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    assert (allowed["default-src"], allowed["base-uri"], allowed["form-action"]) == ("'none'",) * 3
    assert allowed["img-src"] == "data: blob:"
    assert MADE.index("Content-Security-Policy") < min(MADE.index("<style"), MADE.index("<script"))


def test_it_refers_to_nothing_outside_itself() -> None:
    script, style = PARTS["script"][0], PARTS["style"][0]
    frame = MADE.replace(script, "").replace(style, "")
    assert not re.search(r"\b(src|href|srcset|action|data|poster)\s*=", frame)
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|import)\b\s*\(|\beval\b|new Function",
        script,
    )
    named = set(re.findall(r"https?://[^\"'`\s]+", MADE))
    assert named <= {
        "https://www.w3.org/ns/credentials/v2", "https://stall.example/ns/edition/v1", "https://stall.example/ns/presentation/v1",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "http://www.w3.org/2000/svg",
    }  # fmt: skip


def test_phones_of_2021_can_read_it() -> None:
    newer = r"\(\?<[=!]|\.at\(|\.replaceAll\(|isWellFormed|structuredClone|\?\?=|\|\|=|&&=|Object\.hasOwn|\.findLast\(|#\w+\s*[=(;]"
    assert not re.search(newer, re.sub(r"\"(?:[^\"\\]|\\.)*\"|`[^`]*`", '""', PARTS["script"][0]))


def squeezed(code: str) -> str:
    return tokens.written(squeeze.shortened(tokens.tokens(code)))


@pytest.mark.parametrize(
    ("code", "made"),
    [
        ("const a = 1; // one\nconst b = 2;\n", "let a=1,b=2;"),
        ('/* no */ x = /[/*]"`/u.test(y) / 2 / z;', 'x=/[/*]"`/u.test(y)/2/z;'),
        ("s = ` two  spaces ${ a + `in ${b}` } // no comment`;", "s=` two  spaces ${a+`in ${b}`} // no comment`;"),
        ("const f = (a) => a + +b - -c;", "let f=a=>a+ +b- -c;"),
        ("const { a } = b; const [c] = d;", "let{a}=b,[c]=d;"),
        ("f(async (a) => { return { a }; });", "f(async(a)=>{return{a}});"),
        ("while (a(b, c,)) ; if (d) { e(); } f = [, 1, , ];", "while(a(b,c));if(d){e()}f=[,1,,];"),
        ("if (a) { while (b()); }", "if(a){while(b());}"),
        ("for (const a of b) c();\nconst d = 1;", "for(let a of b)c();let d=1;"),
        ('t = "it\'s" + \'a "b"\';', 't="it\'s"+\'a "b"\';'),
    ],
)
def test_what_is_squeezed_says_the_same(code: str, made: str) -> None:
    assert squeezed(code) == made


@pytest.mark.parametrize(
    ("code", "made"),
    [
        ("function open({ kid, claims: c }, key = kid) { return { kid, c: key.c, c }; }",
         "let A=({kid:e,claims:p},a=e)=>{return{kid:e,c:a.c,c:p}};"),
        ("const open = (a, { b = 1 }, ...rest) => rest.map((x) => x.a ? b : a);", "let A=(e,{b:p=1},...a)=>a.map(a=>a.a?p:e);"),
        ("function open() { for (const [k, v] of Object.entries(all)) { label(k, v); } }",
         "let A=()=>{for(let[e,p]of Object.entries(all)){label(e,p)}};"),
        ("async function open() { return [1].map((k) => k).filter((n) => n); }", "let A=async()=>{return[1].map(e=>e).filter(e=>e)};"),
        ("function open(key) { const text = `${key}: ${space.sign(key)}`; return text; }", "let A=e=>{let p=`${e}: ${Bq(e)}`;return p};"),
    ],
)  # fmt: skip
def test_names_are_shortened_but_never_those_of_members(code: str, made: str) -> None:
    (unit,) = squeeze.units(tokens.tokens(code))
    renamed = squeeze.renamed(unit, {"open": "A"}, {"space": {"sign": "Bq"}})
    assert tokens.written(squeeze.shortened(renamed)) == made


def test_what_nothing_names_is_left_out(tmp_path: Path) -> None:
    write: Callable[[str, str], int] = lambda name, text: (tmp_path / name).write_text(text, encoding="utf-8")  # noqa: E731  # short for two files
    write("one.mjs", 'import { used } from "./two.mjs";\nused(new Date());\n')
    write("two.mjs", "class K { kept() { return 1; } gone() { return 2; } }\nexport const used = () => new K().kept();\n"
          "export const unused = () => deep();\nfunction deep() { return 3; }\n")  # fmt: skip
    made = build.script(tmp_path / "one.mjs")
    assert "return 1" in made
    assert not re.search("return [23]|deep|unused", made)


def test_what_is_named_once_is_written_where_it_is_used(tmp_path: Path) -> None:
    code = [
        "const most = 7;", "const over = (n) => n > most;", "const all = () => [].some(over) && (2 || sure)(window);",
        "const sure = (window) => window.name;", "console.log(all, typeof all);",
    ]  # fmt: skip
    (tmp_path / "one.mjs").write_text("\n".join(code) + "\n", encoding="utf-8")
    made = build.script(tmp_path / "one.mjs")
    assert (
        made
        == '"use strict";(()=>{let A=()=>[].some(e=>e>7)&&(2||(e=>e.name))(window);console.log(A,typeof A);\n})();\n'
    )


def test_what_it_does_not_know_is_refused(tmp_path: Path) -> None:
    for code in (
        'export * from "./two.mjs";',
        'const two = import("./two.mjs");',
        "export default 1;",
        "const a = `no end;",
    ):
        (tmp_path / "one.mjs").write_text(code + "\n", encoding="utf-8")
        with pytest.raises((build.Unbuildable, tokens.Unreadable)):
            build.script(tmp_path / "one.mjs")
