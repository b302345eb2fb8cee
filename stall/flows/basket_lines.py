"""What is wished for as lines of a basket: copies of a drop, things, the parts of a bundle, vouchers, deposits going back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stall.domain.drop import Offer
from stall.domain.money import LIMIT_MINOR
from stall.domain.product import VOUCHER, Part, ProductKind, bundle_prices, spread
from stall.domain.sale import MAX_LINES, MAX_RATES, Line
from stall.errors import Refused
from stall.store import for_sale, products
from stall.store.db import Tx
from stall.store.for_sale import Item
from stall.store.products import Product


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants: a drop, how many, and a number they ask for (limited drops only)."""

    drop_id: str
    qty: int = 1
    ed: int | None = None


@dataclass(frozen=True, slots=True)
class ProductWish:
    """A product somebody wants, by its sku: how many; what one costs (minor units) where it has no price of its own.

    `back`: a deposit that comes back, for which money goes out.
    """

    sku: str
    qty: int = 1
    minor: int | None = None
    back: bool = False


AnyWish = Wish | ProductWish


def find_item(tx: Tx, wish: Wish) -> Item:
    """What is wished for, which must be for sale now.

    Raises Refused `drop-unknown`, `quantity-wrong`, and what `check_offer` raises.
    """
    item = for_sale.find(tx.conn, wish.drop_id, tx.now_ms)
    if item is None:
        raise Refused("drop-unknown", f"There is no item “{wish.drop_id}” here. Look at the catalogue again.")
    check_quantity(wish.qty)
    check_offer(item)
    return item


def check_quantity(qty: int) -> None:
    """Refuse what is no number of pieces for one line. Raises Refused `quantity-wrong`."""
    if qty < 1 or qty > MAX_LINES:
        raise Refused("quantity-wrong", "That is not a number of pieces for one line. Choose 1 to 200.")


def check_offer(item: Item) -> None:
    """Refuse a drop that is not for sale now, in the buyer's words. Raises Refused `drop-sold-out`, `drop-not-open`."""
    if item.offer is Offer.SOLD_OUT:
        raise Refused("drop-sold-out", f"{item.title} is sold out. Choose another item.", title=item.title)
    if item.offer is Offer.EARLY:
        raise Refused(
            "drop-not-open",
            f"{item.title} is not on sale yet. Come back when it opens.",
            title=item.title,
            case="early",
        )
    if item.offer is Offer.LATE:
        raise Refused(
            "drop-not-open", f"The sale of {item.title} is over. Choose another item.", title=item.title, case="late"
        )
    if item.offer is Offer.PAUSED:
        raise Refused("drop-not-open", f"{item.title} is not on sale right now. Ask at the stall.", title=item.title)


def lines_of_drop(wish: Wish, item: Item, vat_bp: int) -> list[Line]:
    """Copies of a drop: a numbered one is a line of its own, copies of an open edition share one. Raises `edition-number-wrong`."""
    if item.edition is None:
        return [Line(0, item.title, wish.qty, item.price_minor * wish.qty, vat_bp, item.pack)]
    if wish.ed is not None and not 1 <= wish.ed <= item.edition:
        raise Refused(
            "edition-number-wrong",
            f"{item.title} has numbers 1 to {item.edition}. Choose one of these.",
            title=item.title,
            last=item.edition,
        )
    numbers = [wish.ed, *[None] * (wish.qty - 1)]
    return [Line(0, item.title, 1, item.price_minor, vat_bp, item.pack, ed) for ed in numbers]


def check_asked_once(lines: Iterable[Line]) -> None:
    """Refuse an edition number that two lines of a sale ask for: there is one of it. Raises Refused `edition-number-taken`."""
    asked: set[tuple[int | None, int]] = set()
    for line in lines:
        if line.ed is None or line.of_line is not None:
            continue
        if (line.pack, line.ed) in asked:
            raise number_twice(line.ed, line.title)
        asked.add((line.pack, line.ed))


def number_twice(ed: int, title: str) -> Refused:
    """What to tell who asks for one number twice."""
    return Refused(
        "edition-number-taken",
        f"Number {ed} of {title} is in this basket already. Choose another number.",
        ed=ed,
        title=title,
        case="twice",
    )


def lines_of_product(tx: Tx, wish: ProductWish, vat_bp: int) -> tuple[str, list[Line]]:
    """The currency and the lines of a product; `vat_bp` is the rate of the drops a bundle may hold.

    Raises Refused `product-unknown`, `product-not-sold`, `quantity-wrong`, `price-missing`, `deposit-only`,
    and for the drops of a bundle what `find_item` raises.
    """
    product = products.find(tx.conn, wish.sku)
    if product is None:
        raise products.unknown(wish.sku)
    check_quantity(wish.qty)
    if not product.on_sale and not wish.back:
        raise Refused("product-not-sold", f"{product.title} is not on sale now. Choose another item.")
    if wish.back and product.kind is not ProductKind.DEPOSIT:
        raise Refused(
            "deposit-only", f"{product.title} is no deposit. To take it back, open the sale it was bought in."
        )
    if product.kind is ProductKind.BUNDLE:
        return product.cur, _bundle(tx, product, wish.qty, vat_bp)
    minor = _price(product, wish)
    if product.kind is ProductKind.VOUCHER:
        one = Line(0, product.title, 1, minor, 0, sku=VOUCHER + product.sku, product=product.no)
        return product.cur, [one] * wish.qty
    total = minor * wish.qty * (-1 if wish.back else 1)
    return product.cur, [Line(0, product.title, wish.qty, total, product.vat_bp, sku=product.sku, product=product.no)]


def _price(product: Product, wish: ProductWish) -> int:
    """What one piece costs: its own price, or the one typed where it has none."""
    minor = product.price_minor if product.price_minor is not None else wish.minor
    if minor is None or not 0 <= minor <= LIMIT_MINOR or (minor == 0 and product.kind is ProductKind.VOUCHER):
        raise Refused("price-missing", f"{product.title} has no price of its own. Type what it costs.")
    return minor


def _bundle(tx: Tx, bundle: Product, qty: int, vat_bp: int) -> list[Line]:
    """The parts of a bundle as lines of their own, its price split over them, each with what it is cheaper by as a discount."""
    alone: list[list[Line]] = []
    for part in products.parts(tx.conn, bundle.no):
        if part.product is None:
            wish = Wish(part.drop_id or "", part.qty * qty)
            alone.append(lines_of_drop(wish, find_item(tx, wish), vat_bp))
        else:
            sku = products.get(tx.conn, part.product).sku
            alone.append(lines_of_product(tx, ProductWish(sku, part.qty * qty), vat_bp)[1])
    worth = [Part(sum(line.minor for line in lines), 1) for lines in alone]
    prices = bundle_prices((bundle.price_minor or 0) * qty, worth)
    priced: list[Line] = []
    for lines, price in zip(alone, prices, strict=True):
        shares = spread(price, [line.minor for line in lines])
        priced += [_in_bundle(line, minor, bundle.no) for line, minor in zip(lines, shares, strict=True)]
    return priced


def _in_bundle(line: Line, minor: int, bundle: int) -> Line:
    return replace(line, minor=minor, disc=max(line.minor - minor, 0), bundle=bundle)


def numbered(lines: Iterable[Line]) -> list[Line]:
    """The lines with their places in a sale, counted from 0. Raises Refused `basket-too-long`, `amount-too-large`."""
    placed = [replace(line, n=n) for n, line in enumerate(lines)]
    if len(placed) > MAX_LINES:
        raise Refused("basket-too-long", f"A sale has at most {MAX_LINES} lines. Make two sales of it.")
    rates = {line.vat_bp for line in placed}
    if len(rates) > MAX_RATES:
        raise Refused("basket-too-long", f"A sale has at most {MAX_RATES} rates of VAT. Make two sales of it.")
    sums = [sum(line.minor for line in placed if line.vat_bp == rate) for rate in rates]
    amounts = [amount for line in placed for amount in (line.minor, line.disc, line.list_minor)]
    if any(abs(amount) > LIMIT_MINOR for amount in (sum(sums), *sums, *amounts)):  # a receipt could not say it
        raise Refused("amount-too-large", "This is more than one sale can take. Make two sales of it.")
    return placed


def lines_of(tx: Tx, wishes: Sequence[AnyWish], vat_bp: int) -> tuple[str, list[Line]]:
    """The currency and the lines of everything wished for, which must be for sale now. Raises Refused `currency-mixed`, and the above."""
    currencies: set[str] = set()
    lines: list[Line] = []
    for wish in wishes:
        if isinstance(wish, Wish):
            item = find_item(tx, wish)
            cur, more = item.cur, lines_of_drop(wish, item, vat_bp)
        else:
            cur, more = lines_of_product(tx, wish, vat_bp)
        currencies.add(cur)
        lines += more
    if len(currencies) > 1:
        raise Refused("currency-mixed", "The items have prices in different currencies. Sell them one by one.")
    return next(iter(currencies)), lines
