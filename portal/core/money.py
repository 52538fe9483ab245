"""Amounts of money: decimals with two places, strings at the doors."""

from decimal import Decimal, InvalidOperation

CENT = Decimal("0.01")
LIMIT = Decimal("99999999999.99")


def parse_money(value: object) -> Decimal:
    """A decimal of two places from a string or an integer.

    Raises `ValueError` for what is no finite number, has more than two places, or does not fit 13 digits.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("not an amount of money")
    try:
        amount = Decimal(value)
        exact = amount.quantize(CENT)
    except InvalidOperation:
        raise ValueError("not an amount of money") from None
    if exact != amount or abs(exact) > LIMIT:
        raise ValueError("not an amount of money")
    return exact


def money(value: Decimal | None) -> str | None:
    """``"12.00"``, the form of the contracts; nothing stays nothing."""
    return None if value is None else f"{value:.2f}"
