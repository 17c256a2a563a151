"""The schema of the hub's operations on accounts and projects."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

PROJECT_ID = OpenApiParameter(
    "project_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The project's id.",
)
