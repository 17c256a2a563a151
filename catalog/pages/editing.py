"""Creating a product, changing one, and its picture."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.access import Operation
from accounts.services import answer_once, fingerprint_of
from catalog import services
from catalog.access import MANAGE_CATALOG
from catalog.errors import SkuTaken, SlugTaken
from catalog.pages.base import OfCatalog
from catalog.pages.forms import NewProductForm, PictureForm, ProductChangeForm
from catalog.pages.shown import picture_address, product_address
from orderchainer.core.errors import Invalid, Stale
from orderchainer.core.http.fields import fields_named
from orderchainer.core.limits.rates import UPLOAD, count, user_subject
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther


@contextmanager
def refusals_at_fields() -> Iterator[None]:
    """Turn the refusal of a value that is taken into one of its field."""
    try:
        yield
    except SkuTaken as exc:
        raise Invalid({"sku": [exc.message]}) from exc
    except SlugTaken as exc:
        raise Invalid({"slug": [exc.message]}) from exc


class NewProductPage(OfCatalog, FormPage):
    """A new product. Sending the form twice creates one product."""

    template_name = "catalog/new.html"
    button = "Create product"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_CATALOG, "POST": MANAGE_CATALOG}

    def form(self, **posted: Any) -> NewProductForm:
        """Return the form."""
        return NewProductForm(project=self.its_project, **posted)

    def act(self, form: NewProductForm) -> SeeOther:
        """Create the product, and go to its page."""
        project = self.its_project

        def work() -> str:
            product = services.create_product(
                project=project,
                fields=form.fields_of_product(),
                stock=form.cleaned_data["first_stock"],
                by=self.person,
            )
            return str(product.uuid)

        sent = {name: self.request.POST.getlist(name) for name in form.fields}
        with refusals_at_fields(), fields_named(stock="first_stock"):
            product_id = answer_once(
                user=self.person,
                key=form.cleaned_data["key"],
                fingerprint=fingerprint_of([self.request.path, sent]),
                work=work,
            ).value
        messages.success(self.request, f"{form.cleaned_data['name']} is created.")
        return SeeOther(product_address(project, product_id))

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return where Cancel leads."""
        return {"cancel": self.address("products")}


class EditProductPage(OfCatalog, FormPage):
    """Changes a product. Nobody overwrites a change that they have not seen."""

    template_name = "catalog/edit.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_CATALOG, "POST": MANAGE_CATALOG}

    def form(self, **posted: Any) -> ProductChangeForm:
        """Return the form, with the product as it is now."""
        product = self.product()
        # The form writes what was typed into its product.
        self.name = product.name
        return ProductChangeForm(instance=product, project=self.its_project, **posted)

    def act(self, form: ProductChangeForm) -> HttpResponse | None:
        """Save what was changed."""
        try:
            with refusals_at_fields():
                services.update_product(
                    product=form.instance,
                    changes=form.changes(),
                    precondition=form.require_as_read,
                )
        except Stale:
            # Somebody saved it after we had read it. Reading it again shows what they changed.
            return self.show_form(self.form(data=self.request.POST), status=412)
        messages.success(self.request, "The product is saved.")
        return None

    def done(self) -> str:
        """Go to the product."""
        return product_address(self.its_project, self.kwargs["product_id"])

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the product's name, and where Cancel leads."""
        return {"name": self.name, "cancel": self.done()}


class PicturePage(OfCatalog, FormPage):
    """The picture of a product: uploads one, or removes it."""

    template_name = "catalog/picture_form.html"
    button = "Upload"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_CATALOG, "POST": MANAGE_CATALOG}

    def form(self, **posted: Any) -> PictureForm:
        """Return the form."""
        return PictureForm(**posted)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count an upload, which takes time to decode, before anything reads it."""
        if "remove" in self.request.POST:
            product = services.set_picture(product=self.product(), picture=None)
            messages.success(self.request, f"{product.name} no longer has a picture.")
            return SeeOther(self.done())
        if self.request.FILES:
            self.usage = count(UPLOAD, [user_subject(self.person.pk)]) or self.usage
        return super().post(*args, **kwargs)

    def act(self, form: PictureForm) -> None:
        """Set the picture."""
        services.set_picture(product=self.product(), picture=form.cleaned_data["picture"])
        messages.success(self.request, "The picture is saved.")

    def done(self) -> str:
        """Go to the product."""
        return product_address(self.its_project, self.kwargs["product_id"])

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the product as it is now."""
        product = self.product()
        return {
            "name": product.name,
            "picture": picture_address(product),
            "cancel": self.done(),
        }
