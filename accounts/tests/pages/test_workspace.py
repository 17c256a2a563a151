"""The ways into a project, and the frame of its pages."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.http import Http404, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from pytest_django import Settings

from accounts.access import MANAGE_MEMBERS, VIEW_PROJECT, Operation
from accounts.errors import InvitationForSomebodyElse, LastOwner, RoleNotEnough
from accounts.models import User
from accounts.pages.cookies import COOKIE
from accounts.pages.workspace import WorkspacePage
from accounts.services import create_project, delete_project, update_project
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team, make_team
from orderchainer.core.errors import (
    Conflict,
    DomainError,
    NotFound,
    Stale,
    TooManyRequests,
    Unavailable,
    UnusableAnswer,
)
from orderchainer.core.registry import Registry
from orderchainer.core.web import live, navigation, panels
from orderchainer.core.web.live import Feed
from orderchainer.core.web.navigation import Item
from orderchainer.core.web.panels import Panel

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

NOWHERE = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"

HOSTILE = "<img src=x onerror=alert(1)>"


class Example(WorkspacePage):
    """A page that shows its frame, and refuses what a test says."""

    template_name = "workspace/empty.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_PROJECT, "POST": MANAGE_MEMBERS}
    raises: ClassVar[Exception | None] = None
    shown: ClassVar[dict[str, Any]] = {}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.raises is not None:
            raise self.raises
        Example.shown = dict(self.frame())
        return self.show()

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse("done")


class Part(Example):
    """A panel of the other page."""


urlpatterns = [
    path("app/<str:project_id>/example", Example.as_view(), name="example"),
    path("app/<str:project_id>/part", Part.as_view(), name="part"),
    path("", include("orderchainer.urls")),
]


@pytest.fixture
def team() -> Team:
    return make_team(name="Tea & Cake")


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register things for the example page only."""
    items: Registry[str, Item] = Registry("item")
    items.add("part", Item("Second", "package", "view_project", place=20, key="p"))
    items.add("example", Item("First", "clock", "view_activity", place=10, key="b"))
    monkeypatch.setattr(navigation, "NAVIGATION", items)
    shown: Registry[tuple[str, str], Panel] = Registry("panel")
    shown.add(("example", "part"), Panel("More", "view_project", place=1))
    shown.add(("part", "example"), Panel("Other page", None, place=1))
    monkeypatch.setattr(panels, "PANELS", shown)
    feeds: Registry[str, Feed] = Registry("feed")
    feeds.add("project", Feed(lambda uuid: f"/ws/projects/{uuid}/", lambda: 57))
    monkeypatch.setattr(live, "FEEDS", feeds)


def browser(team: Team, role: str) -> Client:
    return browser_of(team.members[role])


# --- Doors ------------------------------------------------------------------------------------


def test_the_workspace_opens_at_the_project_that_was_looked_at_last(team: Team) -> None:
    client = browser(team, "owner")
    own = team.owner.personal_project

    # Nothing has been looked at: the newest project is the one that somebody works in.
    assert client.get("/app/")["Location"] == f"/app/{team.project.uuid}/"
    client.get(f"/app/{own.uuid}/example")
    assert client.get("/app/")["Location"] == f"/app/{own.uuid}/"
    client.get(f"/app/{team.project.uuid}/example")
    assert client.get("/app/")["Location"] == f"/app/{team.project.uuid}/"
    assert client.get("/app")["Location"] == f"/app/{team.project.uuid}/"

    delete_project(project=team.project, by=team.owner)
    assert client.get("/app/")["Location"] == f"/app/{own.uuid}/"


def test_a_form_chooses_another_project(team: Team) -> None:
    client = browser(team, "agent")

    response = client.get("/app/", {"project": str(team.project.uuid)})
    assert response["Location"] == f"/app/{team.project.uuid}/"
    assert client.get("/app/", {"project": "//evil"})["Location"].startswith("/app/")


def test_a_project_opens_at_the_first_page_that_the_role_may_see(team: Team) -> None:
    first = f"/app/{team.project.uuid}/"

    assert browser(team, "owner").get(first)["Location"] == f"{first}example"
    assert browser(team, "viewer").get(first)["Location"] == f"{first}part"


def test_a_project_without_pages_says_so(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "NAVIGATION", Registry("item"))

    response = browser(team, "viewer").get(f"/app/{team.project.uuid}/")

    assert response.status_code == 200
    assert b"There is no page yet" in response.content


@pytest.mark.parametrize("text", ["x", "0" * 500, "%00", NOWHERE, "%F0%9F%98%80"])
def test_an_address_of_no_project_is_a_404(text: str, team: Team) -> None:
    response = browser(team, "owner").get(f"/app/{text}/example")

    assert response.status_code == 404
    assert b"There is nothing at this address, or you may not see it." in response.content


# --- The frame --------------------------------------------------------------------------------


def test_the_frame_knows_the_person_the_project_and_the_way(team: Team) -> None:
    browser(team, "viewer").get(f"/app/{team.project.uuid}/example")
    frame = Example.shown

    assert frame["person"]["email"] == "viewer@example.com"
    assert (frame["project"].name, frame["role"]) == ("Tea & Cake", "viewer")
    assert [(each.name, each.is_current) for each in frame["projects"]] == [
        ("viewer@example.com", False),
        ("Tea & Cake", True),
    ]
    assert [(each.label, each.key, each.is_current) for each in frame["navigation"]] == [
        ("Second", "p", False)
    ]
    assert [(each.label, each.url) for each in frame["panels"]] == [
        ("More", f"/app/{team.project.uuid}/part")
    ]
    assert (frame["live"].path, frame["live"].position) == (
        f"/ws/projects/{team.project.uuid}/",
        57,
    )
    assert (frame["theme"], frame["density"], frame["single_keys"]) == (
        "system",
        "comfortable",
        True,
    )


def test_the_page_that_is_shown_is_the_current_one(team: Team) -> None:
    browser(team, "owner").get(f"/app/{team.project.uuid}/example")

    assert [(each.label, each.is_current) for each in Example.shown["navigation"]] == [
        ("First", True),
        ("Second", False),
    ]


def test_the_socket_may_have_another_origin(team: Team, settings: Settings) -> None:
    settings.SOCKET_URL = "wss://orders.example.com:8001"

    browser(team, "owner").get(f"/app/{team.project.uuid}/example")

    assert Example.shown["live"].path.startswith("wss://orders.example.com:8001/ws/projects/")
    assert live.socket_origin() == "wss://orders.example.com:8001"


@pytest.mark.parametrize(
    ("public", "origin"),
    [
        ("http://localhost:8000", "ws://localhost:8000"),
        ("https://orders.example.com/shop", "wss://orders.example.com"),
    ],
)
def test_the_content_policy_names_the_origin_of_sockets(
    public: str, origin: str, settings: Settings
) -> None:
    settings.PUBLIC_URL = public

    assert live.socket_origin() == origin


def test_pages_of_the_workspace_may_open_our_sockets_and_others_may_not(team: Team) -> None:
    client = browser(team, "owner")

    policy = client.get(f"/app/{team.project.uuid}/example")["Content-Security-Policy"]
    assert "connect-src 'self' ws://localhost:8000;" in policy
    assert "connect-src 'self';" in client.get("/sign-in")["Content-Security-Policy"]


def test_a_page_costs_the_same_however_many_projects_there_are(team: Team) -> None:
    client = browser(team, "owner")
    path = f"/app/{team.project.uuid}/example"

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    before = statements()
    for number in range(5):
        create_project(owner=team.owner, name=f"Project {number}")

    # The session with its user, and the project. The projects are read if the page shows them.
    assert before == statements() <= 3


def test_a_part_of_a_page_reads_only_who_asks_and_the_project(team: Team) -> None:
    client = browser(team, "owner")
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/app/{team.project.uuid}/example", headers={"HX-Request": "true"})

    assert Example.shown["live"] is None
    assert len(captured) <= 3


def test_names_of_strangers_are_text(team: Team) -> None:
    update_project(project=team.project, changes={"name": HOSTILE}, by=team.owner)
    User.objects.filter(pk=team.owner.pk).update(first_name=HOSTILE)

    page = browser(team, "owner").get(f"/app/{team.project.uuid}/example").content.decode()

    assert "<img src=x" not in page


# --- Refusals ---------------------------------------------------------------------------------


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def refuse(exc: Exception) -> None:
        monkeypatch.setattr(Example, "raises", exc)

    return refuse  # type: ignore[return-value]  # it is a plain function


KINDS: list[tuple[Exception, int, str]] = [
    (InvitationForSomebodyElse(), 403, "You may not do this"),
    (RoleNotEnough("handle_orders"), 403, "does not allow this. Ask an owner or a manager."),
    (NotFound("Order not found"), 404, "Page not found"),
    (Http404(), 404, "Page not found"),
    (LastOwner(), 409, "This is not possible now"),
    (Conflict(f"{HOSTILE} & more"), 409, "&lt;img src=x onerror=alert(1)&gt; &amp; more"),
    (Stale(), 412, "This has changed in the meantime"),
    (TooManyRequests(retry_after=30), 429, "Try again in 30 seconds."),
    (UnusableAnswer(), 502, "This did not work"),
    (Unavailable(retry_after=5), 503, "Not available at the moment"),
]


@pytest.mark.parametrize(("exc", "status", "words"), KINDS)
def test_a_refusal_is_a_page_or_a_part(
    exc: Exception, status: int, words: str, team: Team, refusing: Any
) -> None:
    refusing(exc)
    client = browser(team, "owner")
    address = f"/app/{team.project.uuid}/example"

    page = client.get(address)
    part = client.get(address, headers={"HX-Request": "true", "HX-Target": "somewhere"})

    for response in (page, part):
        assert response.status_code == status
        assert words in response.content.decode()
        assert 'role="alert"' in response.content.decode()
        assert response["Cache-Control"] == "private, no-cache"
        assert "WWW-Authenticate" not in response
        assert {"Cookie", "HX-Request", "HX-Target"} <= set(re.split(r",\s*", response["Vary"]))
    assert b"<html" in page.content
    assert b"<html" not in part.content
    if isinstance(exc, TooManyRequests):
        assert page["Retry-After"] == "30"


def test_a_defect_of_ours_is_not_taken_for_a_refusal(team: Team, refusing: Any) -> None:
    refusing(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        browser(team, "owner").get(f"/app/{team.project.uuid}/example")


@pytest.mark.parametrize("kind", DomainError.__subclasses__())
def test_every_kind_of_refusal_has_a_title(kind: type[DomainError]) -> None:
    from orderchainer.core.http.handlers import STATUS_OF_KIND
    from orderchainer.core.web.refusals import TITLES

    assert any(issubclass(kind, known) and status in TITLES for known, status in STATUS_OF_KIND)


# --- Signed out -------------------------------------------------------------------------------


def test_whoever_is_signed_out_comes_back_after_signing_in(team: Team, client: Client) -> None:
    response = client.get(f"/app/{team.project.uuid}/example?status=active&page=2")

    assert response.status_code == 302
    assert response["Location"] == (
        f"/sign-in?next=%2Fapp%2F{team.project.uuid}%2Fexample%3Fstatus%3Dactive%26page%3D2"
    )


def test_a_form_or_a_part_of_a_page_learns_that_it_is_signed_out(
    team: Team, client: Client
) -> None:
    address = f"/app/{team.project.uuid}/example"

    form = client.post(address)
    part = client.get(address, headers={"HX-Request": "true"})

    assert (form.status_code, part.status_code) == (401, 401)
    assert b"You were signed out." in form.content
    assert b"<html" not in part.content
    # Another tab may have signed in again since the request left.
    assert COOKIE not in form.cookies
    assert COOKIE not in part.cookies


def test_a_form_needs_a_csrf_token(team: Team) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[COOKIE] = browser(team, "owner").cookies[COOKIE].value

    assert client.post(f"/app/{team.project.uuid}/example").status_code == 403
