"""`/api/v1/categories/{project_id}`: the categories of a project."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from catalog import services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub.docs import categories as docs
from catalog.api.hub.presentation import category_body
from catalog.api.hub.serializers import CategoryChanges, NewCategory
from catalog.queries import inventory
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.fields import fields_named


class CategoriesView(ProjectView):
    """All categories of a project."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "POST": MANAGE_CATALOG,
    }

    @docs.LIST_CATEGORIES
    def get(self, request: Request, project_id: str) -> Response:
        """Answer all categories."""
        return Response(list(map(category_body, inventory.shelves_of(self.project))))

    @docs.CREATE_CATEGORY
    def post(self, request: Request, project_id: str) -> Response:
        """Create a category."""
        body = NewCategory(data=request.data)
        body.is_valid(raise_exception=True)
        with fields_named(parent="parent_id"):
            category = services.create_category(
                project=self.project, **body.fields_in(self.project)
            )
        return _response(self, category.pk, status=201)


class OneCategoryView(ProjectView):
    """One category."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "PATCH": MANAGE_CATALOG,
        "DELETE": MANAGE_CATALOG,
    }

    @docs.GET_CATEGORY
    def get(self, request: Request, project_id: str, category_id: int) -> Response:
        """Answer the category."""
        return _response(self, category_id)

    @docs.UPDATE_CATEGORY
    def patch(self, request: Request, project_id: str, category_id: int) -> Response:
        """Change the category."""
        category = inventory.category_for(self.project, category_id)
        body = read_changes(
            CategoryChanges,
            request.data,
            lambda: category_body(inventory.shelf_for(self.project, category_id)),
        )
        with fields_named(parent="parent_id"):
            services.update_category(category=category, changes=body.fields_in(self.project))
        return _response(self, category.pk)

    @docs.DELETE_CATEGORY
    def delete(self, request: Request, project_id: str, category_id: int) -> Response:
        """Delete the category."""
        category = inventory.category_for(self.project, category_id)
        services.delete_category(category=category)
        return Response(status=204)


def _response(view: ProjectView, category_id: int, *, status: int = 200) -> Response:
    shelf = inventory.shelf_for(view.project, category_id)
    return Response(category_body(shelf), status=status)
