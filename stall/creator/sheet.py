"""The recovery sheet: a creator's key on paper, as plain text and as one page of A4. It holds the key itself: who has it can sign."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.creator import handover
from stall.creator.keyring import Creator
from stall.wire import recovery


@dataclass(frozen=True)
class Sheet:
    """What stands on one sheet; `day` as YYYY-MM-DD."""

    name: str
    did: str
    fingerprint: str
    lines: tuple[str, ...]
    day: str

    def __repr__(self) -> str:
        """Name the key without its lines, so that a traceback or a log cannot leak them."""
        return f"Sheet({self.did})"


def of(creator: Creator, day: str) -> Sheet:
    """Make the sheet of an opened key."""
    return Sheet(creator.name, creator.did, creator.fingerprint, recovery.encode(creator.key.seed), day)


def write(sheet: Sheet, out: Path) -> None:
    """Write the sheet for its owner alone: a page if the name ends in .html, else text. Raises what `handover.write` raises."""
    handover.check_free(out)
    page = as_page(sheet) if out.suffix.lower() in {".html", ".htm"} else as_text(sheet)
    with disk.whole_file(out, 0o600) as file:
        file.write(page.encode())


# What to do in which case. One list for both forms: (case, what to do, command).
CASES: tuple[tuple[str, str, str], ...] = (
    (
        "The passphrase is forgotten",
        "The folder with the key is still there. Type the four lines; you choose a new passphrase, and all else stays.",
        "stall keys recover --out FOLDER",
    ),
    (
        "The computer is lost or broken",
        (
            "Put the folder back from your backup, then type the four lines. Without it the key comes back and the ledger does"
            " not: lease no numbers of earlier drops then, for nobody knows which are taken."
        ),
        "stall keys recover --out FOLDER --name NAME",
    ),
    (
        "Somebody else may have the key",
        (
            "They can sign in your name for good. Make a new key, publish its did wherever the old one stands, and say since"
            " when the old one no longer counts. Then delegate to every box anew."
        ),
        "stall keys new creator --out NEW --name NAME",
    ),
)
KEEPING = (
    "Print it twice and keep the two in two places, as you would keep cash.",
    "Try it before you need it: stall keys sheet FOLDER --check",
    "No photograph, no scan, no cloud. Type it nowhere but into stall; nobody will ever ask you for it.",
    "Delete the file once it is printed.",
)
ABOUT = (
    "These four lines are the key of a creator. Whoever has them can sign packs, editions and delegations in this name,"
    " without a passphrase and without a computer of yours."
)
READING = (
    "Capitals or not, with or without spaces: it does not matter. There is no letter O, I, L or U. The last three signs of a line"
    " check the rest, so a slip is noticed and its line is named."
)


def as_text(sheet: Sheet) -> str:
    """Write the sheet as plain text of at most 78 columns, which `stall keys recover --lines` reads back."""
    parts = [
        f"RECOVERY SHEET of {sheet.name}",
        f"Made {sheet.day}",
        "",
        *_wrapped(ABOUT),
        "",
        *(f"    {number}.  {line}" for number, line in enumerate(sheet.lines, 1)),
        "",
        *_wrapped(READING),
        "",
        f"Fingerprint  {sheet.fingerprint}",
        f"Public name  {sheet.did}",
        "",
    ]
    for case, what, command in CASES:
        parts += ["", *_wrapped(case.upper()), *_wrapped(what), f"    {command}"]
    parts += ["", "", "KEEPING IT", *(line for keep in KEEPING for line in _wrapped(keep, "- ", "  "))]
    return "\n".join(parts) + "\n"


def as_page(sheet: Sheet) -> str:
    """Write the sheet as one HTML page for A4: black on white, nothing fetched, nothing run."""
    name, did = html.escape(sheet.name), html.escape(sheet.did)
    lines = "".join(
        f"<li>{''.join(f'<b>{html.escape(group)}</b>' for group in line.split())}</li>" for line in sheet.lines
    )
    cases = "".join(
        f"<section><h3>{html.escape(case)}</h3><p>{html.escape(what)}</p><code>{html.escape(command)}</code></section>"
        for case, what, command in CASES
    )
    keeping = "".join(f"<li>{html.escape(keep)}</li>" for keep in KEEPING)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width">
<title>Recovery sheet</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
{MARK}
<p>Recovery sheet</p>
<time datetime="{html.escape(sheet.day)}">Made {html.escape(sheet.day)}</time>
</header>
<h1>{name}</h1>
<p class="about">{html.escape(ABOUT)}</p>
<ol class="lines">{lines}</ol>
<p class="reading">{html.escape(READING)}</p>
<dl>
<dt>Fingerprint</dt><dd>{html.escape(sheet.fingerprint)}</dd>
<dt>Public name</dt><dd>{did}</dd>
</dl>
<div class="cases">{cases}</div>
<footer>
<ul>{keeping}</ul>
<p class="hand"><span>Checked on</span><span>Where the other one is</span></p>
</footer>
</main>
</body>
</html>
"""


def _wrapped(text: str, first: str = "", later: str = "", columns: int = 78) -> Iterable[str]:
    line = first
    for word in text.split():
        if len(line) + len(word) + 1 > columns and line.strip("- "):
            yield line.rstrip()
            line = later
        line += word + " "
    yield line.rstrip()


MARK = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M3 5h26l2 8a4 4 0 0 1-7 2 4.5 4.5 0 0 1-8 0 4.5 4.5 0 0 1-8 0 4 4 0 0'
    ' 1-7-2zM5 18h22v9H5z"/><path fill="#fff" d="M9 21h14v3H9z"/></svg>'
)

STYLE = """
@page { size: A4; margin: 0 }
* { box-sizing: border-box; margin: 0; padding: 0 }
:root { --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --serif: ui-serif, "New York", "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", Georgia, serif;
  --sans: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif }
html { background: #fff; color: #000; font: 8.8pt/1.45 var(--sans) }
main { width: 210mm; min-height: 290mm; margin: 0 auto; padding: 16mm 20mm 10mm; display: flex; flex-direction: column }
header { display: flex; align-items: center; gap: 3mm; padding-bottom: 3mm; border-bottom: .35mm solid #000 }
header svg { width: 6mm; height: 6mm }
header p { flex: 1; font-weight: 600; letter-spacing: .01em }
time { font-variant-numeric: tabular-nums }
h1 { font: 600 25pt/1.15 var(--serif); letter-spacing: -.01em; margin-top: 8mm; overflow-wrap: anywhere;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden }
.about { max-width: 132mm; margin-top: 3mm; font-size: 9.6pt }
.lines { list-style: none; counter-reset: line; margin-top: 7mm; border: .5mm solid #000; border-radius: 2mm }
.lines li { counter-increment: line; display: grid; grid-template-columns: 13mm repeat(4, 1fr); align-items: center;
  padding: 3.6mm 7mm 3.4mm 0 }
.lines li + li { border-top: .2mm solid #000 }
.lines li::before { content: counter(line); justify-self: center; font: 600 10pt/1 var(--sans) }
.lines b { font: 600 19pt/1 var(--mono); letter-spacing: .09em; justify-self: center }
.reading { max-width: 132mm; margin-top: 3mm }
p { text-wrap: pretty }
dl { display: grid; grid-template-columns: 27mm 1fr; row-gap: 1mm; align-items: baseline; margin-top: 6mm; padding-top: 4mm; border-top: .2mm solid #000 }
dt { font-weight: 600 }
dd { font: 9pt/1.55 var(--mono); overflow-wrap: anywhere }
.cases { display: grid; grid-template-columns: repeat(3, 1fr); column-gap: 8mm; margin-top: 6mm; padding-top: 4mm;
  border-top: .2mm solid #000 }
section { display: grid; grid-template-rows: subgrid; grid-row: span 3; row-gap: 1.2mm }
h3 { font-size: 8.8pt; font-weight: 600; line-height: 1.3; text-wrap: balance }
code { font: 7.4pt/1.45 var(--mono); overflow-wrap: break-word }
footer { margin-top: auto; padding-top: 5mm }
footer ul { list-style: none; columns: 2; column-gap: 8mm }
footer li { break-inside: avoid; padding-left: 3.5mm; text-indent: -3.5mm }
footer li::before { content: "–"; display: inline-block; width: 3.5mm; text-indent: 0 }
.hand { display: grid; grid-template-columns: 1fr 2fr; gap: 8mm; margin-top: 12mm }
.hand span { border-top: .2mm solid #000; padding-top: 1mm; font-size: 8pt }
"""
