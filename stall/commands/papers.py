"""`stall papers`: write the papers of a sale into a folder, drawn ones too."""

from __future__ import annotations

from pathlib import Path

import click

from stall.commands import DATA_VARIABLE, say
from stall.i18n.languages import DEFAULT, LANGUAGES


@click.command("papers")
@click.argument("sale", type=click.IntRange(min=1))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write to.")
@click.option("--lang", type=click.Choice(LANGUAGES), default=DEFAULT, show_default=True, help="The buyer's language.")
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    default=Path(),
    help="The box's data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def papers(*, sale: int, out: Path, lang: str, data: Path, as_json: bool) -> None:
    """Write the papers of SALE into a folder: what a buyer gets as one ZIP. Files of the same name are replaced.

    The receipt as signed and as PDF; each certificate as signed, as PDF and as picture; manifests, delegations, proofs, README.txt.
    """
    from stall import app, disk
    from stall.box.papers import drawing
    from stall.errors import Refused
    from stall.i18n import letters
    from stall.store import sales
    from stall.web.buyer import paper_files

    box = app.open_box(data, looking=True)
    try:
        found = sales.find(box.db.read(), sale)
        if found is None or found.receipt_event is None:
            raise Refused(
                "papers-no-sale", f"Sale {sale} is not paid, or there is none of that number. Look at the till."
            )
        lang = letters.settable(lang)
        signed = paper_files.of_sale(box, found)
        wanted = paper_files.wanted(box, signed.receipt, signed.certificates, lang, most=len(signed.certificates))
        drawn = {one.name: drawing.draw(one.sheet, one.form) for one in wanted}
        with disk.sentences(out):
            out.mkdir(parents=True, exist_ok=True)
        names = []
        for name, content in paper_files.whole(box, signed, drawn, len(wanted), lang):
            with disk.whole_file(out / name) as file:
                file.write(content)
            names.append(name)
    finally:
        box.close()
    if as_json:
        say.facts({"ok": True, "sale": sale, "folder": str(out), "files": names})
    else:
        say.lines(f"{len(names)} papers of sale {sale} are in {out}:", *(f"  {name}" for name in names))
