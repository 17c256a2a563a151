"""`/api/v1/categories/{project_id}`: the shelves of a project."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import PROJECT_ID, ProjectView
from accounts.errors import ProjectNotFound, RoleNotEnough
from catalog import inventory, services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub import examples
from catalog.api.hub.presentation import category_body
from catalog.api.hub.serializers import CategoryChanges, CategoryOutput, NewCategory
from catalog.errors import (
    CategoryInItself,
    CategoryNotEmpty,
    CategoryNotFound,
    SlugTaken,
)
from catalog.services import CategoryFields
from orderchainer.core.errors import Invalid
from orderchainer.core.http.fields import StrictSerializer
from orderchainer.core.http.schema import answer_example, errors_of, request_example

CATEGORY_ID = OpenApiParameter(
    "category_id",
    OpenApiTypes.INT64,
    OpenApiParameter.PATH,
    description="The category's id.",
)
NO_PARENT = Invalid({"parent_id": ["There is no such category in this project."]})
MAY_NOT = RoleNotEnough(MANAGE_CATALOG.name)


class CategoriesView(ProjectView):
    """All categories of a project."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "POST": MANAGE_CATALOG,
    }

    @extend_schema(
        operation_id="hub_list_categories",
        summary="List the categories of a project",
        description="The whole tree as it is read: each category before those in it, siblings in their order.",
        parameters=[PROJECT_ID],
        responses={
            200: CategoryOutput(many=True),
            **errors_of("hub", ProjectNotFound()),
        },
        examples=[answer_example("A category", examples.CATEGORY)],
    )
    def get(self, request: Request, project_id: str) -> Response:
        """Answer all categories."""
        return Response(list(map(category_body, inventory.shelves_of(self.project))))

    @extend_schema(
        operation_id="hub_create_category",
        summary="Create a category",
        description="Creates a category, at the top unless `parent_id` names one that it stands in.",
        request=NewCategory,
        parameters=[PROJECT_ID],
        responses={
            201: CategoryOutput,
            **errors_of("hub", NO_PARENT, MAY_NOT, ProjectNotFound(), SlugTaken()),
        },
        examples=[
            request_example("Within another", {"name": "Desk", "parent_id": 1}),
            answer_example(
                "The category", {**examples.CATEGORY, "product_count": 0}, status=201
            ),
        ],
    )
    def post(self, request: Request, project_id: str) -> Response:
        """Create a category."""
        body = NewCategory(data=request.data)
        body.is_valid(raise_exception=True)
        category = services.create_category(project=self.project, **_fields(self, body))
        return _response(self, category.pk, status=201)


class OneCategoryView(ProjectView):
    """One category."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "PATCH": MANAGE_CATALOG,
        "DELETE": MANAGE_CATALOG,
    }

    @extend_schema(
        operation_id="hub_get_category",
        summary="Get a category of a project",
        description="One category, with where it stands.",
        parameters=[PROJECT_ID, CATEGORY_ID],
        responses={
            200: CategoryOutput,
            **errors_of("hub", ProjectNotFound(), CategoryNotFound()),
        },
        examples=[answer_example("The category", examples.CATEGORY)],
    )
    def get(self, request: Request, project_id: str, category_id: int) -> Response:
        """Answer the category."""
        return _response(self, category_id)

    @extend_schema(
        operation_id="hub_update_category",
        summary="Rename or move a category",
        description="Changes what is named and leaves the rest; what stands in it moves along.",
        request=CategoryChanges,
        parameters=[PROJECT_ID, CATEGORY_ID],
        responses={
            200: CategoryOutput,
            **errors_of(
                "hub",
                CategoryInItself(),
                MAY_NOT,
                ProjectNotFound(),
                CategoryNotFound(),
                SlugTaken(),
            ),
        },
        examples=[
            request_example("To the top", {"parent_id": None}),
            request_example("Another name", {"name": "Desk lamps"}),
            answer_example(
                "The category",
                {**examples.CATEGORY, "parent_id": None, "level": 0, "path": "Desk"},
            ),
        ],
    )
    def patch(self, request: Request, project_id: str, category_id: int) -> Response:
        """Change the category."""
        category = inventory.category_for(self.project, category_id)
        body = CategoryChanges(data=request.data)
        body.is_valid(raise_exception=True)
        services.update_category(category=category, changes=_fields(self, body))
        return _response(self, category.pk)

    @extend_schema(
        operation_id="hub_delete_category",
        summary="Delete a category",
        description="Deletes a category in which neither a product nor another category stands.",
        parameters=[PROJECT_ID, CATEGORY_ID],
        responses={
            204: None,
            **errors_of(
                "hub",
                MAY_NOT,
                ProjectNotFound(),
                CategoryNotFound(),
                CategoryNotEmpty(),
            ),
        },
    )
    def delete(self, request: Request, project_id: str, category_id: int) -> Response:
        """Delete the category."""
        category = inventory.category_for(self.project, category_id)
        services.delete_category(category=category)
        return Response(status=204)


def _fields(view: ProjectView, body: StrictSerializer) -> CategoryFields:
    """Return what the body sets, with the parent itself for its number. Raises `Invalid`."""
    fields: dict[str, Any] = dict(body.validated_data)
    if "parent_id" in fields:
        parent_id = fields.pop("parent_id")
        fields["parent"] = None
        if parent_id is not None:
            try:
                fields["parent"] = inventory.category_for(view.project, parent_id)
            except CategoryNotFound as exc:
                raise NO_PARENT from exc
    return cast(CategoryFields, fields)


def _response(view: ProjectView, category_id: int, *, status: int = 200) -> Response:
    shelf = inventory.shelf_for(view.project, category_id)
    return Response(category_body(shelf), status=status)
