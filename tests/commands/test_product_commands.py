"""What the stall sells beside its drops, from the command line: added, changed, ordered, taken from another till's list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from tests.commands.conftest import Run
from tests.fakes import stock


def only(run: Run, *arguments: str) -> dict[str, Any]:
    ran = run("product", *arguments, "--json")
    assert ran.code == 0, ran.err
    [product] = ran.json["products"]
    assert isinstance(product, dict)
    return product


def test_prices_and_rates_are_typed_as_people_type_them(run: Run) -> None:
    made = only(run, "add", "Postcard", "--price", "1,20", "--vat", "7", "--stock", "40", "--barcode", "4006381333931")
    assert made == {
        "sku": "postcard", "title": "Postcard", "kind": "item", "minor": 120, "cur": "EUR", "vat_bp": 700,
        "barcode": "4006381333931", "stock": 40, "place": 1, "on_sale": True, "picture": None,
    }  # fmt: skip
    assert "postcard: item, €1.20, 7 % VAT, 40 in stock, barcode 4006381333931, Postcard" in run("product", "list").out


def test_the_rate_of_the_stall_is_taken_where_none_is_given_and_none_for_a_voucher(run: Run) -> None:
    assert only(run, "add", "Cup", "--kind", "deposit", "--price", "2")["vat_bp"] == 1900
    assert only(run, "add", "Gift", "--kind", "voucher")["vat_bp"] == 0


def test_a_bundle_names_its_parts(run: Run) -> None:
    run("product", "add", "Postcard", "--price", "1")
    made = only(run, "add", "Both", "--kind", "bundle", "--price", "5", "--part", stock.ZINE, "--part", "postcard:3")
    assert made["parts"] == [{"name": stock.ZINE, "qty": 1}, {"name": "postcard", "qty": 3}]
    assert "[bundle-parts]" in run("product", "add", "None", "--kind", "bundle", "--price", "5", "--part", "no").err


def test_an_empty_value_takes_away_and_what_is_not_given_stays(run: Run) -> None:
    run("product", "add", "Postcard", "--price", "1", "--stock", "5", "--barcode", "123")
    changed = only(run, "change", "postcard", "--stock", "", "--price", "")
    assert (changed["minor"], changed["stock"], changed["barcode"]) == (None, None, "123")
    assert "[product-unknown]" in run("product", "change", "nothing", "--price", "1").err


def test_what_is_retired_is_off_sale_until_it_is_back(run: Run) -> None:
    run("product", "add", "Postcard", "--price", "1")
    assert only(run, "retire", "postcard")["on_sale"] is False
    assert "off sale" in run("product", "list").out
    assert only(run, "retire", "postcard", "--back")["on_sale"] is True


def test_the_same_name_is_not_taken_twice_but_the_same_title_is(run: Run) -> None:
    only(run, "add", "Postcard", "--price", "1")
    assert only(run, "add", "Postcard", "--price", "2")["sku"] == "postcard-2"
    assert "[product-name]" in run("product", "add", "Other", "--sku", "postcard", "--price", "2").err


def test_those_named_come_first_in_that_order(run: Run) -> None:
    for title in "ABC":
        run("product", "add", title, "--price", "1")
    ordered = run("product", "order", "c", "a", "--json").json["products"]
    assert [each["sku"] for each in ordered] == ["c", "a", "b"]


def test_a_picture_is_taken_in_small_and_without_its_place(run: Run, data: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)  # GPSLatitude
    Image.new("RGB", (1600, 1200), (200, 30, 30)).save(photo, exif=exif)
    made = only(run, "add", "Postcard", "--price", "1", "--picture", str(photo))
    with Image.open(data / "covers" / f"{made['picture']}.jpg") as cover:
        assert max(cover.size) == 640
        assert len(cover.getexif()) == 0
    assert [each.name for each in (data / "covers").glob(".*")] == []


def test_what_is_no_picture_is_refused_and_nothing_is_added(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    assert (
        "[picture-unreadable]"
        in run("product", "add", "X", "--price", "1", "--picture", str(tmp_path / "text.jpg")).err
    )
    assert run("product", "list", "--json").json["products"] == []


def test_a_list_is_taken_in_whole_and_again_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("Name;Preis;MwSt;Regal\nPostkarte Küste;1,20;7;A\nTasse;12,00;;B\n".encode("cp1252"))
    ran = run("product", "import", str(file))
    assert "2 new, 0 changed, 0 as they were." in ran.out
    assert "Regal" in ran.out
    file.write_text("title,price\nPostkarte Küste,1.50\nTasse,12\n")
    assert run("product", "import", str(file), "--json").json == {
        "ok": True, "new": 0, "changed": 1, "same": 1, "columns_left_out": [],
    }  # fmt: skip
    listed = run("product", "list", "--json").json["products"]
    assert [(each["sku"], each["minor"], each["vat_bp"]) for each in listed] == [
        ("postkarte-kuste", 150, 700),
        ("tasse", 1200, 1900),
    ]


def test_one_bad_row_keeps_the_whole_list_out_and_each_gets_a_sentence(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("title,price,barcode\nA,1,1\nB,one,\nC,1,1\nA,2,\n")
    ran = run("product", "import", str(file))
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "line 3: “one” is not an amount in EUR. Write it like 4.50.",
        "line 4: “A” has that barcode already. Scan the right one, or change that first.",
        "line 5: “a” stands on line 2 already. Leave one of them out.",
        "error: 3 rows are not right, so nothing was taken in. Mend that, then import again. [product-list]",
    ]
    assert run("product", "list", "--json").json["products"] == []
    told = run("product", "import", str(file), "--json")
    assert [row["line"] for row in told.json["rows"]] == [3, 4, 5]
    assert told.json["ok"] is False
