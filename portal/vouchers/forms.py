"""The form of vouchers: what people type, as values of the services and back."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from portal.core.money import money
from portal.core.sentences import Sentence
from portal.vouchers.models import PRICE_MODES
from portal.vouchers.services.manage import MOST
from portal.web.fields import Fields, local

MOST_USES = 1_000_000


def read_code(read: Fields, name: str) -> str:
    """A code: one word."""
    code = read.text(name, 255)
    if " " in code:
        read.wrong(name, Sentence("A code has no spaces."))
    return code


def read_voucher(
    given: Mapping[str, str], *, products: Collection[str], dates: Collection[int], zone: str
) -> tuple[dict[str, Any], str, str, int]:
    """Values of `VoucherValues`, the code, the seat by its name, and how many are wanted. Raises `InvalidInput`."""
    read = Fields(given, zone)
    product = given.get("product", "").strip()
    if product and product not in products:
        read.wrong("product", Sentence("Choose one of the entries of the list."))
    item, _, variation = product.partition("-")
    values: dict[str, Any] = {
        "max_usages": read.whole("max_usages", most=MOST_USES, default=1),
        "valid_until": read.moment("valid_until", end=True),
        "block_quota": read.flag("block_quota"),
        "allow_ignore_quota": read.flag("allow_ignore_quota"),
        "price_mode": read.choice("price_mode", PRICE_MODES, default="none"),
        "value": read.money("value"),
        "quota": read.whole("quota", most=2**31 - 1) or None,
        "tag": read.text("tag", 255),
        "comment": read.text("comment", 10_000, lines=True),
        "subevent_id": read.one_of("subevent", dates) if dates else None,
    }
    code = read_code(read, "code")
    count = read.whole("count", least=1, most=MOST, default=1)
    seat = read.text("seat", 300)
    if count > 1 and code:
        read.wrong("count", Sentence("Many vouchers get codes of their own: leave the code empty."))
    if count > 1 and seat:
        read.wrong("seat", Sentence("A seat is held by one voucher."))
    read.check()
    values |= {"item_id": int(item) if item else None, "variation_id": int(variation) if variation else None}
    return values, code, seat, count


def shown_voucher(voucher: Any, seat: str, zone: str) -> dict[str, Any]:
    """A voucher as its form shows it."""
    product = "" if voucher.item_id is None else str(voucher.item_id)
    if voucher.variation_id is not None:
        product += f"-{voucher.variation_id}"
    names = ("code", "max_usages", "block_quota", "allow_ignore_quota", "price_mode", "tag", "comment")
    return {
        **{name: getattr(voucher, name) for name in names},
        "valid_until": local(voucher.valid_until, zone),
        "value": money(Decimal(voucher.value)) if voucher.value is not None else "",
        "quota": voucher.quota or "",
        "product": product,
        "subevent": voucher.subevent_id or "",
        "seat": seat,
    }
