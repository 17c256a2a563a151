"""The schema of `/api/v1/projects`."""

from drf_spectacular.utils import extend_schema

from accounts import access
from accounts.api.hub.docs import PROJECT_ID
from accounts.api.hub.serializers.projects import (
    NewProject,
    ProjectChanges,
    ProjectOutput,
)
from accounts.errors import PersonalProject, ProjectNotFound, RoleNotEnough
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    PAGE_WINDOW,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)

PROJECT_EXAMPLE = {
    "id": "c0a8012e-4b0f-4a39-9f5e-7a1d1e0b2c3d",
    "name": "My Store",
    "description": "E-commerce store",
    "timezone": "America/New_York",
    "currency": "USD",
    "settings": {},
    "is_active": True,
    "is_personal": False,
    "role": "owner",
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:00:00Z",
}
NO_TIMEZONE = Invalid({"timezone": ["This is not a time zone. Try Europe/Berlin, for example."]})


LIST_PROJECTS = extend_schema(
    operation_id="hub_list_projects",
    summary="List projects",
    description=(
        "The projects of which you are a member, your personal one included, the oldest first."
    ),
    parameters=PAGE_WINDOW,
    responses={
        200: ProjectOutput(many=True),
        **errors_of("hub", Invalid({"page": ["Must be a whole number from 1 to 9."]})),
    },
    examples=[answer_example("A project", PROJECT_EXAMPLE)],
)

CREATE_PROJECT = extend_schema(
    operation_id="hub_create_project",
    summary="Create a project",
    description=(
        "Creates a project that you own. `timezone` is a name of the tz database; the "
        "default is UTC. `settings` is an object of your own, at most 16 KiB and 8 "
        "levels deep."
    ),
    request=NewProject,
    parameters=[etag_of_answer(201)],
    responses={201: ProjectOutput, **errors_of("hub", NO_TIMEZONE)},
    examples=[
        request_example(
            "A shop",
            {
                "name": "My Store",
                "description": "E-commerce store",
                "timezone": "America/New_York",
                "settings": {},
            },
        ),
        answer_example("The project", PROJECT_EXAMPLE, status=201),
    ],
)

GET_PROJECT = extend_schema(
    operation_id="hub_get_project",
    summary="Get a project",
    description=(
        "One project of which you are a member. Staff with `accounts.view_project` can read every "
        "project."
    ),
    parameters=[PROJECT_ID, IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: ProjectOutput,
        **NOT_MODIFIED,
        **errors_of("hub", ProjectNotFound()),
    },
    examples=[answer_example("The project", PROJECT_EXAMPLE)],
)

UPDATE_PROJECT = extend_schema(
    operation_id="hub_update_project",
    summary="Update a project",
    description=(
        "Changes the fields that you send and keeps the rest. `settings` are replaced as a whole."
    ),
    request=ProjectChanges,
    parameters=[PROJECT_ID, IF_MATCH, etag_of_answer(200)],
    responses={
        200: ProjectOutput,
        **errors_of(
            "hub",
            NO_TIMEZONE,
            RoleNotEnough(access.CHANGE_PROJECT.name),
            ProjectNotFound(),
            412,
        ),
    },
    examples=[
        request_example("Another time zone", {"timezone": "Europe/Berlin"}),
        answer_example("The project", {**PROJECT_EXAMPLE, "timezone": "Europe/Berlin"}),
    ],
)

DELETE_PROJECT = extend_schema(
    operation_id="hub_delete_project",
    summary="Delete a project",
    description=(
        "Switches the project off for everybody. Its orders are kept. Nobody can delete "
        "a personal project."
    ),
    parameters=[PROJECT_ID, IF_MATCH],
    responses={
        204: None,
        **errors_of(
            "hub",
            RoleNotEnough(access.DELETE_PROJECT.name),
            ProjectNotFound(),
            PersonalProject(),
            412,
        ),
    },
)
