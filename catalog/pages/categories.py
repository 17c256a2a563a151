"""The tree of categories."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import BaseForm
from django.http.response import HttpResponseBase

from accounts.access import Operation
from catalog import services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.errors import CategoryNotFound, SlugTaken
from catalog.models import Category
from catalog.pages.base import OfCatalog
from catalog.pages.forms import CategoryChangeForm, CategoryForm
from catalog.queries.inventory import category_for, shelves_of
from orderchainer.core.errors import DomainError, Invalid
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther


class OfCategories(OfCatalog):
    """A page of categories. Refusals lead back to the list."""

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the list."""
        if self.project is None:
            return super().way_out(exc)
        return {"label": "All categories", "href": self.address("categories")}

    def category(self) -> Category:
        """Return the category that the path names. Raises `CategoryNotFound`."""
        return category_for(self.its_project, self.kwargs["category_id"])


@contextmanager
def _refusals_at_fields() -> Iterator[None]:
    try:
        yield
    except SlugTaken as exc:
        raise Invalid({"slug": [exc.message]}) from exc


class CategoriesPage(OfCategories, FormPage):
    """All categories, and a form for a new one."""

    template_name = "catalog/categories.html"
    button = "Create category"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_CATALOG, "POST": MANAGE_CATALOG}

    def form(self, **posted: Any) -> CategoryForm:
        """Return the form."""
        self.shelves = shelves_of(self.its_project)
        return CategoryForm(project=self.its_project, shelves=self.shelves, **posted)

    def act(self, form: CategoryForm) -> None:
        """Create the category."""
        services.create_category(project=self.its_project, **form.cleaned_data)
        messages.success(self.request, f"{form.cleaned_data['name']} is created.")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the tree."""
        return {
            "may_manage": self.may(MANAGE_CATALOG),
            "shelves": [
                {
                    "category": shelf.category,
                    "level": shelf.level,
                    "path": shelf.path,
                    "count": shelf.product_count,
                    "url": f"{self.address('products')}?category={shelf.category.pk}",
                    "edit": self.address("category-edit", category_id=shelf.category.pk),
                }
                for shelf in self.shelves
            ],
        }


class EditCategoryPage(OfCategories, FormPage):
    """Renames a category, or moves it with everything in it."""

    template_name = "catalog/category.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_CATALOG, "POST": MANAGE_CATALOG}

    def form(self, **posted: Any) -> CategoryChangeForm:
        """Return the form, with the category as it is now."""
        shelves = shelves_of(self.its_project)
        number = self.kwargs["category_id"]
        found = [shelf for shelf in shelves if shelf.category.pk == number]
        if not found:
            raise CategoryNotFound
        (self.shelf,) = found
        category = self.shelf.category
        return CategoryChangeForm(
            project=self.its_project,
            shelves=shelves,
            initial={"name": category.name, "parent": category.parent_id, "slug": category.slug},
            **posted,
        )

    def act(self, form: CategoryChangeForm) -> None:
        """Save what was typed, and nothing else."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        with _refusals_at_fields():
            services.update_category(category=self.shelf.category, changes=changes)  # type: ignore[arg-type]  # by these names
        messages.success(self.request, "The category is saved.")

    def done(self) -> str:
        """Go to the list."""
        return self.address("categories")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the category as it is now."""
        return {
            "name": self.shelf.category.name,
            "count": self.shelf.product_count,
            "cancel": self.done(),
            "delete": self.address("category-delete", category_id=self.shelf.category.pk),
        }


class DeleteCategoryPage(OfCategories):
    """Deletes an empty category. Only a button sends this form."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_CATALOG}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Delete it. Raises `CategoryNotEmpty`. One that is gone already is as wanted."""
        try:
            category = self.category()
            services.delete_category(category=category)
        except CategoryNotFound:
            messages.info(self.request, "The category is no longer there.")
        else:
            messages.success(self.request, f"{category.name} is deleted.")
        return SeeOther(self.address("categories"))
