"""What the schema says of categories."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
)

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound
from catalog.api.hub.docs import MAY_NOT
from catalog.api.hub.serializers import (
    CategoryChanges,
    CategoryOutput,
    NewCategory,
)
from catalog.errors import (
    CategoryInItself,
    CategoryNotEmpty,
    CategoryNotFound,
    NoSuchCategory,
    SlugTaken,
)
from orderchainer.core.http.schema import (
    answer_example,
    errors_of,
    request_example,
)

Example = dict[str, Any]

CATEGORY_EXAMPLE: Example = {
    "id": 4,
    "name": "Desk",
    "slug": "desk",
    "parent_id": 1,
    "position": 0,
    "level": 1,
    "path": "Lamps > Desk",
    "product_count": 3,
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:00:00Z",
}
CATEGORY_ID = OpenApiParameter(
    "category_id",
    OpenApiTypes.INT64,
    OpenApiParameter.PATH,
    description="The category's id.",
)
NO_PARENT = NoSuchCategory("parent_id")


LIST_CATEGORIES = extend_schema(
    operation_id="hub_list_categories",
    summary="List the categories of a project",
    description=(
        "The whole tree in reading order: each category before its subcategories, and "
        "siblings by their position."
    ),
    parameters=[PROJECT_ID],
    responses={
        200: CategoryOutput(many=True),
        **errors_of("hub", ProjectNotFound()),
    },
    examples=[answer_example("A category", CATEGORY_EXAMPLE)],
)

CREATE_CATEGORY = extend_schema(
    operation_id="hub_create_category",
    summary="Create a category",
    description="Creates a category below `parent_id`, or at the top without one.",
    request=NewCategory,
    parameters=[PROJECT_ID],
    responses={
        201: CategoryOutput,
        **errors_of("hub", NO_PARENT, MAY_NOT, ProjectNotFound(), SlugTaken()),
    },
    examples=[
        request_example("Within another", {"name": "Desk", "parent_id": 1}),
        answer_example("The category", {**CATEGORY_EXAMPLE, "product_count": 0}, status=201),
    ],
)

GET_CATEGORY = extend_schema(
    operation_id="hub_get_category",
    summary="Get a category of a project",
    description="One category and its place in the tree.",
    parameters=[PROJECT_ID, CATEGORY_ID],
    responses={
        200: CategoryOutput,
        **errors_of("hub", ProjectNotFound(), CategoryNotFound()),
    },
    examples=[answer_example("The category", CATEGORY_EXAMPLE)],
)

UPDATE_CATEGORY = extend_schema(
    operation_id="hub_update_category",
    summary="Rename or move a category",
    description=(
        "Changes the fields that you send and keeps the rest. The contents of a "
        "category move with it."
    ),
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
            {**CATEGORY_EXAMPLE, "parent_id": None, "level": 0, "path": "Desk"},
        ),
    ],
)

DELETE_CATEGORY = extend_schema(
    operation_id="hub_delete_category",
    summary="Delete a category",
    description="Deletes a category without products and subcategories.",
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
