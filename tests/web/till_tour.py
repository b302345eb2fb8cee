"""Every page of the till that can be looked at, with a sensible value for each of its parameters."""

from __future__ import annotations

from collections.abc import Iterator

from tests.web.till_pages import Till

#: Addresses that hand out files, not pages, or lead elsewhere by design.
_NO_PAGE = {"/static/<path:filename>", "/cover/<sha256>.jpg"}


def tour(till: Till) -> Iterator[tuple[str, str]]:
    """The name of each page and an address of it, with those of a sale for a short, a long, an open and a card sale."""
    conn = till.box.db.read()
    of_sale = {
        "paid": "SELECT max(no) FROM sales WHERE receipt_event IS NOT NULL AND void_event IS NULL",
        "long": "SELECT max(id >> 8) FROM lines WHERE id & 255 = 199",
        "open": "SELECT max(no) FROM sales WHERE state = 'basket'",
        "card": "SELECT max(sale) FROM attempts a WHERE tender = 'card' AND state = 'paid' AND kind = 'pay'"
        " AND NOT EXISTS (SELECT 1 FROM attempts b WHERE b.of = a.no)",
    }
    sales = {name: conn.execute(query).fetchone()[0] for name, query in of_sale.items()}
    attempt = conn.execute("SELECT max(no) FROM attempts WHERE sale = ?", (sales["card"],)).fetchone()[0]
    product = conn.execute("SELECT min(sku) FROM products").fetchone()[0]
    sku = product or "none"  # an address of nothing is passed over
    for rule in sorted(till.client.application.url_map.iter_rules(), key=str):
        if "GET" not in (rule.methods or ()) or str(rule) in _NO_PAGE:
            continue
        for what, sale in sales.items() if "no" in rule.arguments and "/sale/" in str(rule) else [("", 0)]:
            given = {"no": sale or 1, "attempt": attempt, "kind": "reverse", "sku": sku, "n": 0}
            values = {name: given[name] for name in rule.arguments if name in given}
            if rule.arguments - values.keys():
                raise AssertionError(f"{rule} has a parameter the tour knows nothing of: say what to look at")
            path = till.client.application.url_map.bind("localhost").build(rule.endpoint, values)
            status = till.client.get(path).status_code
            if status >= 500:
                raise AssertionError(f"{path} cannot be looked at")
            if status == 200:  # others lead to a page that is named itself
                yield f"{rule} {what}".strip(), path
