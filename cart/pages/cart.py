"""The cart: its lines, changing one, removing one, and putting a product in."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.services import answer_once, fingerprint_of
from cart import services
from cart.errors import CartItemNotFound
from cart.pages.shown import shown_cart
from cart.queries import cart_of
from catalog.pages.shop_shown import product_address, product_context
from catalog.pages.storefront import CustomerPage
from orderchainer.core.errors import Conflict, DomainError, Invalid
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.forms import IdempotencyKeyField
from orderchainer.core.web.page import SeeOther


class QuantityForm(forms.Form):
    """How many. The service says how many are possible."""

    quantity = forms.IntegerField(
        min_value=1,
        max_value=1_000_000,
        error_messages={
            "invalid": "Enter a whole number.",
            "min_value": "Must be at least 1.",
            "max_value": "This number is too large.",
        },
    )


class BuyForm(QuantityForm):
    """How many of a product to put into the cart, once for each form."""

    key = IdempotencyKeyField()


class AddPage(CustomerPage):
    """Puts a product into the cart."""

    template_name = "shop/product.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead to the product. A visitor who wanted to buy it comes here after signing in."""
        form = QuantityForm(self.request.GET)
        quantity = form.cleaned_data["quantity"] if form.is_valid() else 1
        return redirect(f"{product_address(self._product_id)}?quantity={quantity}")

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Put it in and show the cart, or say on the product's page why not."""
        form = BuyForm(self.request.POST)
        if not form.is_valid():
            return self._refused(Invalid(_messages_of(form)))
        quantity = form.cleaned_data["quantity"]

        def work() -> str:
            cart = services.add_item(
                user=self.person, product_id=self._product_id, quantity=quantity
            )
            offers = (line.offer for line in cart.lines)
            return next(each.name for each in offers if each.product_id == self._product_id)

        try:
            name = answer_once(
                user=self.person,
                # Somebody who goes back and chooses another quantity wants that as well.
                key=f"{form.cleaned_data['key']}-{quantity}",
                fingerprint=fingerprint_of([self.request.path]),
                work=work,
            ).value
        except (Invalid, Conflict) as exc:
            return self._refused(exc)
        messages.success(self.request, f"{name} is in your cart.")
        return SeeOther(reverse("shop-cart"))

    @property
    def _product_id(self) -> int:
        return min(int(self.kwargs["product_id"]), MAX_ID)

    def _refused(self, exc: DomainError) -> HttpResponseBase:
        problem = problem_of(exc)
        assert problem is not None, "every domain error means something"
        context = {
            **product_context(self._product_id),
            "quantity": self.request.POST.get("quantity", ""),
            "refusal": words_of(exc),
        }
        return self.show(context, status=problem.status)


class CartPage(CustomerPage):
    """What is in the cart."""

    template_name = "shop/cart.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the cart."""
        return self.show({"cart": shown_cart(cart_of(self.person.pk))})


class QuantityPage(CustomerPage):
    """Changes how many of a product are in the cart. Only the page of the cart sends this form."""

    template_name = "shop/cart.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Change it, or say at the line why not."""
        form = QuantityForm(self.request.POST)
        item_id = self.kwargs["item_id"]
        try:
            if not form.is_valid():
                raise Invalid(_messages_of(form))
            services.change_item(
                user=self.person, item_id=min(item_id, MAX_ID), **form.cleaned_data
            )
        except Invalid as exc:
            cart = shown_cart(
                cart_of(self.person.pk),
                typed={item_id: self.request.POST.get("quantity", "")},
                refusals={item_id: words_of(exc)},
            )
            return self.show({"cart": cart}, status=400)
        except CartItemNotFound:
            # Another tab has removed it.
            messages.warning(self.request, "That product is no longer in your cart.")
        return SeeOther(reverse("shop-cart"))


class RemovePage(CustomerPage):
    """Takes a product out of the cart. It is fine if it is gone already."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Remove it, and show the rest."""
        try:
            services.remove_item(user=self.person, item_id=min(self.kwargs["item_id"], MAX_ID))
        except CartItemNotFound:
            messages.warning(self.request, "That product is no longer in your cart.")
        else:
            messages.success(self.request, "The product is removed.")
        return SeeOther(reverse("shop-cart"))


def _messages_of(form: forms.Form) -> Mapping[str, list[str]]:
    return {name: [str(each) for each in errors] for name, errors in form.errors.items()}


def words_of(exc: DomainError) -> str:
    """Return what a refusal says, in one line."""
    if isinstance(exc, Invalid) and exc.errors:
        return " ".join(message for messages_ in exc.errors.values() for message in messages_)
    return exc.page_message
