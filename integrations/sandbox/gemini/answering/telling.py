"""What the functions returned, in plain words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.sandbox.gemini.answering.languages import Language
from integrations.sandbox.gemini.conversation import Result

MOST_NAMED = 5
MOST_TEXT = 200
Told = Mapping[str, Any]


def told(results: Sequence[Result], language: Language) -> str:
    """Say what the results are. Without results, say what can be asked."""
    if not results:
        return language.say("help")
    # Two calls with the same result are told once.
    sentences = dict.fromkeys(_sentence(each, language) for each in results)
    return " ".join(sentences)


def _sentence(result: Result, language: Language) -> str:
    found = result.response.get("result", result.response)
    if error := result.response.get("error"):
        return language.say("error", error=error)
    teller = _TELLERS.get(result.name)
    if teller is None or not isinstance(found, dict):
        return language.say("done")
    return teller(found, language)


def name_of(order: Told) -> str:
    """Return how people call an order, and its title if that says more."""
    title = str(order.get("title") or "")
    name = str(order.get("name") or f"#{order.get('number')}")
    return name if title in {"", name} else f"{name} ({title})"


def _order(found: Told, language: Language) -> str:
    order = found.get("order", found)
    said = [language.say("order", name=name_of(order), status=language.status(order["status"]))]
    customer = (order.get("customer") or {}).get("name")
    if customer:
        said.append(language.say("customer", name=customer))
    if order.get("total") is not None:
        said.append(language.say("total", total=order["total"], currency=order.get("currency", "")))
    if order.get("is_waiting"):
        said.append(language.say("waiting_order"))
    return " ".join(said)


def _chain(found: Told, language: Language) -> str:
    order = found["order"]
    said = [language.say("order", name=name_of(order), status=language.status(order["status"]))]
    waits_for, roots = found.get("waiting_for") or [], found.get("held_up_by") or []
    said.append(
        language.say("waiting", blockers=_named(waits_for, language))
        if waits_for
        else language.say("free")
    )
    if roots and [name_of(each) for each in roots] != [name_of(each) for each in waits_for]:
        said.append(language.say("roots", blockers=_named(roots, language)))
    return " ".join(said)


def _named(orders: Sequence[Told], language: Language) -> str:
    names = [_blocker(each, language) for each in orders[:MOST_NAMED]]
    return _joined(names, len(orders), language)


def _blocker(order: Told, language: Language) -> str:
    if not order.get("number"):
        return language.say("outside")
    notes = f" ({order['notes']})" if order.get("notes") else ""
    return f"{name_of(order)}: {language.status(order['status'])}{notes}"


def _joined(names: Sequence[str], total: int, language: Language) -> str:
    if total > len(names):
        return language.say("more", orders=", ".join(names), count=total - len(names))
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + language.say("and") + names[-1]


def _orders(found: Told, language: Language) -> str:
    orders = found.get("orders") or []
    if not orders:
        return language.say("no_orders")
    total = found.get("total", len(orders))
    names = [f"{name_of(each)}: {language.status(each['status'])}" for each in orders[:MOST_NAMED]]
    return language.say("orders", total=total, orders=_joined(names, total, language))


def _statistics(found: Told, language: Language) -> str:
    return language.say(
        "statistics",
        days=found["period_days"],
        orders=found["total_orders"],
        revenue=found["total_revenue"],
        average=found["average_order_value"],
        currency=found["currency"],
    )


def _messages(found: Told, language: Language) -> str:
    messages = found.get("messages") or []
    if not messages:
        return language.say("no_messages")
    newest = messages[0]
    text = str(newest.get("text", ""))[:MOST_TEXT]
    total = found.get("total", len(messages))
    return language.say("messages", total=total, name=newest.get("from") or "?", text=text)


def _customers(found: Told, language: Language) -> str:
    people = [*found.get("customers", []), *found.get("customers_of_orders", [])]
    names = list(
        dict.fromkeys(str(each.get("name") or each.get("phone") or "?") for each in people)
    )
    if not names:
        return language.say("no_customers")
    return language.say("customers", names=_joined(names[:MOST_NAMED], len(names), language))


def _products(found: Told, language: Language) -> str:
    products = found.get("products") or []
    if not products:
        return language.say("no_products")
    names = [language.say("product", **_product(each)) for each in products[:MOST_NAMED]]
    total = found.get("total", len(products))
    return language.say("products", products=_joined(names, total, language))


def _product(product: Told) -> dict[str, object]:
    return {name: product.get(name, "?") for name in ("name", "price", "currency", "stock")}


def _move(found: Told, language: Language) -> str:
    name = name_of(found.get("order", found))
    return language.say("proposed_move", name=name, status=language.status(found["status"]))


def _message(found: Told, language: Language) -> str:
    return language.say("proposed_message", text=found["content"])


_TELLERS: Mapping[str, Callable[[Told, Language], str]] = {
    "fetch_order_details": _order,
    "order_chain": _chain,
    "list_orders": _orders,
    "order_statistics": _statistics,
    "search_messages": _messages,
    "find_customer": _customers,
    "find_products": _products,
    "propose_move": _move,
    "propose_message": _message,
}
