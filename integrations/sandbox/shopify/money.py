"""Amounts as Shopify writes them: one way in GraphQL, another in webhooks."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_NO_DECIMALS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round to the smallest unit of the currency, half up."""
    decimals = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def in_graphql(amount: Decimal) -> str:
    """Write an amount without needless zeros but with at least one decimal: `60.0`, `59.98`."""
    text = f"{amount:f}".rstrip("0") if "." in f"{amount:f}" else f"{amount:f}."
    return text + "0" if text.endswith(".") else text


@dataclass(frozen=True)
class Money:
    """An amount in a currency, in major units."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class MoneyBag:
    """The same amount in the shop's currency and in the customer's."""

    shop: Money
    presentment: Money

    def in_webhook(self) -> dict[str, dict[str, str]]:
        """Return the `…_set` of a webhook."""
        return {
            "shop_money": _in_webhook(self.shop),
            "presentment_money": _in_webhook(self.presentment),
        }


def _in_webhook(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "currency_code": money.currency}
