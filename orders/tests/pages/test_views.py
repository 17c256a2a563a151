"""Saved views: who sees and changes them, what their tabs say, and two people at once."""

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.services import create_project, delete_user
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from orderchainer.core.web.filters import Filters
from orders import services
from orders.errors import TooManyViews, ViewNotFound
from orders.lifecycle import Status
from orders.models import Order, SavedView
from orders.pages.narrowing import filters_in
from orders.services import views
from orders.tests.pages.scenes import HOSTILE, address, numbers_on, place, text_of

pytestmark = pytest.mark.django_db


def save(team: Team, who: str = "agent", **fields: object) -> SavedView:
    fields = {"name": "Sails", "query": "status=pending", **fields}
    return services.save_view(project=team.project, by=team.members[who], fields=fields)  # type: ignore[arg-type]


def tabs_on(response: object) -> str:
    return text_of(response).partition('aria-label="Views"')[2].partition("</nav>")[0]


def post_new(team: Team, browser: Client, **more: str) -> object:
    sent = {"name": "Sails", "layout": "list", "query": "status=pending", "key": "k1", **more}
    return browser.post(address(team, "orders/views/new"), sent)


def test_a_saved_view_is_a_tab_that_opens_with_its_filters(team: Team, agent: Client) -> None:
    pending, _draft = place(team), place(team, status="draft")

    answer = post_new(team, agent, query="status=pending&page=7&nonsense=1&ordering=-total")

    view = SavedView.objects.get()
    assert (view.query, view.is_shared) == ("ordering=-total&status=pending", False)
    assert answer["Location"] == f"{address(team, 'orders')}?{view.query}&view={view.pk}"  # type: ignore[index]
    page = agent.get(answer["Location"])  # type: ignore[index]
    assert numbers_on(page) == [pending.pk]
    assert 'aria-current="page">Sails</a>' in tabs_on(page)
    assert "Modified" not in text_of(page)
    assert "Edit view" in text_of(page)


def test_a_form_that_is_sent_twice_saves_one_view(team: Team, agent: Client) -> None:
    first, again = post_new(team, agent), post_new(team, agent)

    assert first["Location"] == again["Location"]  # type: ignore[index]
    assert SavedView.objects.count() == 1


def test_a_name_that_is_taken_is_said_and_the_filters_stay(team: Team, agent: Client) -> None:
    save(team)

    answer = post_new(team, agent, name="  Sails ", query="chain=ready")

    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert "There is a view “Sails” already." in text_of(answer)
    assert 'name="query" value="chain=ready"' in text_of(answer)
    assert SavedView.objects.count() == 1
    # Others have names of their own.
    save(team, "manager")


def test_a_changed_view_says_so_and_is_saved(team: Team, agent: Client) -> None:
    view = save(team)
    changed = f"{address(team, 'orders')}?status=draft&view={view.pk}"

    page = text_of(agent.get(changed))
    assert "Modified" in page
    assert f'<a class="button plain small" href="{address(team, "orders")}?status=pending' in page
    answer = agent.post(
        address(team, "orders/views", view.pk, "update"),
        {"version": "1", "layout": "board", "query": "status=draft"},
    )

    assert answer["Location"] == f"{address(team, 'board')}?status=draft&view={view.pk}"
    view.refresh_from_db()
    assert (view.query, view.layout, view.version) == ("status=draft", "board", 2)
    assert "Modified" not in text_of(agent.get(answer["Location"]))


def test_of_two_people_who_save_at_once_the_second_is_told(team: Team, agent: Client) -> None:
    view = save(team, is_shared=True)
    path = address(team, "orders/views", view.pk, "update")
    mine = {"version": "1", "layout": "list", "query": "status=draft"}
    services.change_view(
        project=team.project,
        view_id=view.pk,
        by=team.members["manager"],
        fields={"query": "chain=ready"},
        version=1,
    )

    answer = agent.post(path, mine)

    assert answer.status_code == 412
    words = "Somebody has changed the view “Sails” in the meantime, so nothing was saved."
    assert words in text_of(answer)
    # The way out keeps the filters.
    assert f'href="{address(team, "orders")}?status=draft&amp;view={view.pk}"' in text_of(answer)
    view.refresh_from_db()
    assert view.query == "chain=ready"
    # The same change again is no conflict: a form that was sent twice.
    assert agent.post(path, {**mine, "query": "chain=ready"}).status_code == 303

    renamed = agent.post(
        address(team, "orders/views", view.pk, "edit"), {"name": "Masts", "version": "1"}
    )
    assert renamed.status_code == 412
    assert 'name="version" value="2"' in text_of(renamed)
    assert 'value="Masts"' in text_of(renamed)


def test_a_view_that_was_deleted_meanwhile_loses_no_filters(team: Team, agent: Client) -> None:
    view = save(team, is_shared=True)
    services.delete_view(project=team.project, view_id=view.pk, by=team.members["manager"])

    page = agent.get(f"{address(team, 'orders')}?status=draft&view={view.pk}")
    assert "Its filters are still here." in text_of(page)
    answer = agent.post(
        address(team, "orders/views", view.pk, "update"),
        {"version": "1", "layout": "list", "query": "status=draft"},
        follow=True,
    )

    assert answer.redirect_chain == [(f"{address(team, 'orders')}?status=draft", 303)]
    assert "Somebody has deleted this view." in text_of(answer)
    again = agent.post(address(team, "orders/views", view.pk, "delete"), follow=True)
    assert "The view was deleted already." in text_of(again)


def test_private_views_are_seen_by_nobody_else(team: Team, agent: Client) -> None:
    view = save(team, "manager", name="Secret")

    assert "Secret" not in text_of(agent.get(address(team, "orders")))
    assert "Secret" not in text_of(agent.get(f"{address(team, 'orders')}?view={view.pk}"))
    assert agent.get(address(team, "orders/views", view.pk, "edit")).status_code == 404
    agent.post(address(team, "orders/views", view.pk, "delete"))
    agent.post(
        address(team, "orders/views", view.pk, "update"),
        {"version": "1", "layout": "list", "query": ""},
    )
    view.refresh_from_db()
    assert view.version == 1


def test_a_view_of_another_project_is_not_there(team: Team, agent: Client) -> None:
    owner = make_user()
    other = create_project(owner=owner, name="Other")
    theirs = services.save_view(
        project=other, by=owner, fields={"name": "Sails", "is_shared": True}
    )

    assert "Sails" not in text_of(agent.get(f"{address(team, 'orders')}?view={theirs.pk}"))
    assert agent.get(address(team, "orders/views", theirs.pk, "edit")).status_code == 404


def test_viewers_keep_views_for_themselves(team: Team) -> None:
    shared = save(team, is_shared=True)
    viewer = browser_of(team.members["viewer"])

    assert "is_shared" not in text_of(viewer.get(address(team, "orders")))
    post_new(team, viewer, name="Mine", is_shared="on")
    page = text_of(viewer.get(f"{address(team, 'orders')}?view={shared.pk}&status=draft"))
    changed = viewer.post(
        address(team, "orders/views", shared.pk, "update"),
        {"version": "1", "layout": "list", "query": ""},
    )
    deleted = viewer.post(address(team, "orders/views", shared.pk, "delete"))

    assert not SavedView.objects.get(name="Mine").is_shared
    assert "Modified" in page
    assert ">Save</button>" in page.partition("popover")[2]
    assert f"views/{shared.pk}/update" not in page
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert SavedView.objects.filter(pk=shared.pk, version=1).exists()


def test_only_its_owner_makes_a_view_private_again(team: Team, agent: Client) -> None:
    view = save(team, "manager", is_shared=True)

    answer = agent.post(
        address(team, "orders/views", view.pk, "edit"), {"name": "Sails", "version": "1"}
    )

    assert answer.status_code == 400
    assert "Only its owner can make a view private again." in text_of(answer)
    manager = browser_of(team.members["manager"])
    manager.post(address(team, "orders/views", view.pk, "edit"), {"name": "S", "version": "1"})
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("S", False)


def test_there_is_a_limit(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_SHARED_VIEWS", 1)
    monkeypatch.setattr(views, "MAX_OWN_VIEWS", 1)
    save(team, name="Own")
    shared = save(team, name="Shared", is_shared=True)

    for is_shared in (False, True):
        with pytest.raises(TooManyViews):
            save(team, name="One more", is_shared=is_shared)
    # One that has a place already can change, but not its kind.
    change = {"project": team.project, "view_id": shared.pk, "by": team.members["agent"]}
    services.change_view(**change, fields={"name": "Ours"}, version=1)  # type: ignore[arg-type]
    with pytest.raises(TooManyViews):
        services.change_view(**change, fields={"is_shared": False}, version=2)  # type: ignore[arg-type]
    assert SavedView.objects.count() == 2


def test_a_deleted_account_takes_its_own_views_along(team: Team) -> None:
    save(team, "agent", name="Own")
    save(team, "agent", name="Ours", is_shared=True)

    delete_user(user=team.members["agent"])

    assert [view.name for view in SavedView.objects.all()] == ["Ours"]
    with pytest.raises(ViewNotFound):
        services.delete_view(project=team.project, view_id=2**63, by=team.owner)


def test_hostile_names_and_queries_are_text(team: Team, agent: Client) -> None:
    view = save(team, name=HOSTILE, query="search=%3Cimg+src%3Dx%3E&status=asleep")

    page = text_of(agent.get(f"{address(team, 'orders')}?{view.query}&view={view.pk}"))

    assert "<img src=x" not in page
    assert "“asleep” was left out" in page
    # What the saved query has and the page drops is no change by its reader.
    assert "Modified" not in page
    for wrong in ("x", "-1", "9" * 30, "٣"):
        assert agent.get(address(team, "orders"), {"view": wrong}).status_code == 200
    assert agent.get(address(team, "orders/views/new"), {"layout": "x"}).status_code == 200


_WORDS = st.lists(st.sampled_from(Status.values), unique=True, max_size=3)
_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(status=_WORDS, search=_TEXTS, chain=st.sampled_from(["", "waits", "ready"]))
def test_filters_survive_the_way_through_an_address(
    status: list[str], search: str, chain: str
) -> None:
    given_values = {"status": tuple(status), "search": (search,), "chain": (chain,)}
    wanted = Filters({name: values for name, values in given_values.items() if any(values)})

    assert filters_in(wanted.query) == wanted
    assert filters_in(wanted.query).query == wanted.query


def test_a_shared_view_of_my_orders_shows_each_reader_their_own(team: Team, agent: Client) -> None:
    own = place(team)
    Order.objects.filter(pk=own.pk).update(assignee=team.members["agent"])
    view = save(team, "manager", query="assignee=me", is_shared=True)
    path = f"{address(team, 'orders')}?assignee=me&view={view.pk}"

    assert numbers_on(agent.get(path)) == [own.pk]
    assert "Modified" not in text_of(agent.get(path))
    assert numbers_on(browser_of(team.members["manager"]).get(path)) == []
