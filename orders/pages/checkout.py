"""The checkout: where to send what is in the cart."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.errors import IdempotencyKeyReused
from accounts.services import answer_once, fingerprint_of
from cart.pages.shown import shown_cart
from cart.queries import CartContents, cart_of
from cart.services import Precondition
from catalog.errors import InsufficientStock
from catalog.pages.storefront import CustomerPage
from orderchainer.core.errors import Stale
from orderchainer.core.money import written
from orderchainer.core.web.forms import FormPage, IdempotencyKeyField
from orderchainer.core.web.page import SeeOther
from orders import services
from orders.errors import CartEmpty, NothingSold, SeveralCurrencies
from orders.pages.purchases import purchase_address

# Enough for the largest cart.
MAX_SEEN = 50_000


class CheckoutForm(forms.Form):
    """Where the order goes. `seen` is the cart that the customer has agreed to."""

    seen = forms.CharField(max_length=MAX_SEEN, widget=forms.HiddenInput)
    key = IdempotencyKeyField()
    shipping_address = forms.CharField(
        label="Address",
        max_length=1000,
        help_text="Name, street, postcode, city and country.",
        widget=forms.Textarea(attrs={"autocomplete": "shipping street-address", "rows": 4}),
    )
    phone_number = forms.CharField(
        label="Phone",
        max_length=32,
        help_text="Only for questions about this order.",
        widget=forms.TextInput(attrs={"autocomplete": "shipping tel", "type": "tel"}),
    )
    notes = forms.CharField(
        label="Notes for the shop",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CartChanged(Stale):
    """The cart, or a price in it, is not what the customer has agreed to."""

    code = "cart_changed"
    default_message = "Your cart has changed since you opened this page, so nothing was ordered."


class CheckoutPage(CustomerPage, FormPage):
    """Orders the cart. Sending the form twice places one order."""

    template_name = "shop/checkout.html"
    button = "Place order"
    _cart: CartContents | None = None

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, unless the cart cannot be ordered as it is: then it says why."""
        if not shown_cart(self.cart).can_be_ordered:
            return SeeOther(reverse("shop-cart"))
        return super().get(*args, **kwargs)

    @property
    def cart(self) -> CartContents:
        """The cart, as it was when this request looked at it first."""
        if self._cart is None:
            self._cart = cart_of(self.person.pk)
        return self._cart

    def form(self, **posted: Any) -> CheckoutForm:
        """Return the form, filled in from the profile."""
        if posted:
            return CheckoutForm(data=posted["data"])
        return self._form_with(shipping_address=self.person.address, phone_number=self.person.phone)

    def _form_with(self, **values: str) -> CheckoutForm:
        return CheckoutForm(initial={**values, "seen": seen_in(self.cart)})

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        """Return what is going to be ordered."""
        return {"cart": shown_cart(self.cart)}

    def act(self, form: CheckoutForm) -> HttpResponseBase:
        """Place the order and go to its page, or to the cart if something is wrong with that."""
        address = services.OrderFields(
            shipping_address=form.cleaned_data["shipping_address"],
            phone_number=form.cleaned_data["phone_number"],
            notes=form.cleaned_data["notes"],
        )
        seen = form.cleaned_data["seen"]

        def work() -> int:
            order = services.check_out(
                by=self.person,
                fields=address,
                precondition=unless_changed(seen),
            )
            return order.pk

        try:
            number = answer_once(
                user=self.person,
                key=form.cleaned_data["key"],
                fingerprint=fingerprint_of([self.request.path, seen, address]),
                work=work,
            ).value
        except IdempotencyKeyReused:
            # Somebody went back to the form, changed it, and sent it again.
            words = "This form has placed an order already, so nothing more was ordered."
            messages.warning(self.request, words)
            return SeeOther(reverse("shop-orders"))
        except CartChanged as exc:
            typed = {name: form.cleaned_data[name] for name in address}
            return self._show_what_changed(exc, seen, typed)
        except (CartEmpty, NothingSold, InsufficientStock, SeveralCurrencies):
            # The cart names each product that is in the way.
            return self._back_to_the_cart("Nothing was ordered, because your cart has to change.")
        messages.success(self.request, f"Thank you. Your order #{number} is placed.")
        return SeeOther(purchase_address(number))

    def _show_what_changed(
        self, exc: CartChanged, seen: str, typed: Mapping[str, str]
    ) -> HttpResponse | SeeOther:
        """Show the cart as it is now, and keep what was typed."""
        self._cart = None
        if not shown_cart(self.cart).can_be_ordered:
            words = "Nothing was ordered, because your cart has changed."
            return self._back_to_the_cart(f"{words} What you have ordered is under Orders.")
        form = self._form_with(**typed)
        context = {
            "form": form,
            "button": self.button,
            "message": exc.message,
            "changes": list(changes_between(seen, self.cart)),
        }
        return self.show({**context, **self.beside(form)}, status=412)

    def _back_to_the_cart(self, words: str) -> SeeOther:
        messages.error(self.request, words)
        return SeeOther(reverse("shop-cart"))


# --- What the customer has agreed to ----------------------------------------------------------

# A product's id, how many, the price of one and its currency.
_LINE = re.compile(r"(\d{1,19})x(\d{1,4})@(\d{1,12}(?:\.\d{1,4})?)([A-Z]{3})")


def seen_in(cart: CartContents) -> str:
    """Write what a customer agrees to: each product that counts, its quantity and its price."""
    return ";".join(
        f"{line.offer.product_id}x{line.quantity}"
        f"@{written(line.offer.price, line.offer.currency)}{line.offer.currency}"
        for line in cart.lines
        if cart.counts(line)
    )


def unless_changed(seen: str) -> Precondition:
    """Return a check that the cart is still what the customer has seen."""

    def require_unchanged(cart: CartContents) -> None:
        if seen_in(cart) != seen:
            raise CartChanged

    return require_unchanged


def changes_between(seen: str, cart: CartContents) -> Iterator[str]:
    """Say what has changed since the customer saw the cart, a sentence for each product."""
    before = {
        int(found[1]): (int(found[2]), found[3])
        for text in seen.split(";")
        if (found := _LINE.fullmatch(text))
    }
    for line in cart.lines:
        if not cart.counts(line):
            continue
        offer = line.offer
        price = written(offer.price, offer.currency)
        quantity, old_price = before.pop(offer.product_id, (None, price))
        if quantity is None:
            yield f"{offer.name} is new in your cart."
        elif quantity != line.quantity:
            yield f"{offer.name}: {line.quantity} instead of {quantity}."
        if old_price != price:
            yield f"{offer.name} now costs {price} {offer.currency} instead of {old_price}."
    if before:
        verb = "product is" if len(before) == 1 else "products are"
        yield f"{len(before)} {verb} no longer in your cart, or no longer sold."
