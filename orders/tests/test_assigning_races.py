"""An order is assigned to a member who is being removed from the project."""

from dataclasses import dataclass, field
from threading import Event

import pytest

from accounts.models import Membership, User
from accounts.services import remove_member
from accounts.tests.projects import Team, make_team
from orderchainer.testing.races import on_postgresql, race
from orders import tasks
from orders.errors import MayNotCareForOrders
from orders.models import Order
from orders.services import assign_order, assigning, changing, create_order

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 0.5


@dataclass
class Scene:
    """A team, an order of theirs, and an agent who is being removed while they get the order."""

    team: Team
    order: Order
    is_checked: Event = field(default_factory=Event)
    is_removed: Event = field(default_factory=Event)
    was_overtaken: bool = False

    @property
    def agent(self) -> User:
        return self.team.members["agent"]

    def assign(self) -> object:
        return assign_order(order_id=self.order.pk, assignee=self.agent, by=self.team.owner)

    def remove(self) -> object:
        self.is_checked.wait(10)
        remove_member(project=self.team.project, user=self.agent, by=self.team.owner)
        # What follows a removal.
        tasks.hand_over(self.team.project.pk)
        self.is_removed.set()
        return None

    def wait_between_check_and_write(self, monkeypatch: pytest.MonkeyPatch) -> None:
        save = changing.save_change

        def save_late(order: Order, *, is_worked_on: bool = True) -> None:
            self.is_checked.set()
            self.was_overtaken = self.is_removed.wait(PATIENCE_SECONDS)
            save(order, is_worked_on=is_worked_on)

        monkeypatch.setattr(changing, "save_change", save_late)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    team = make_team()
    order = create_order(by=team.owner, project=team.project, fields={"title": "Lamp"})
    scene = Scene(team, order)
    scene.wait_between_check_and_write(monkeypatch)
    return scene


def test_whoever_is_being_removed_keeps_no_order(scene: Scene) -> None:
    assigned, removed = race(scene.assign, scene.remove)

    assert not isinstance(assigned, Exception)
    assert not isinstance(removed, Exception)
    assert not scene.was_overtaken
    # The removal came after the assignment, and took it back.
    tasks.hand_over(scene.team.project.pk)
    assert Order.objects.get(pk=scene.order.pk).assignee is None


def test_whoever_has_been_removed_gets_no_order(scene: Scene) -> None:
    scene.is_checked.set()
    scene.remove()

    with pytest.raises(MayNotCareForOrders):
        scene.assign()
    assert Order.objects.get(pk=scene.order.pk).assignee is None


@pytest.mark.services
@on_postgresql
def test_without_the_lock_on_the_role_the_order_goes_to_somebody_who_left(
    monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    """The negative control: the role is only read, so it can be lost at once."""

    def read_role(user: User, project_id: int) -> str | None:
        found = Membership.objects.filter(user=user, project=project_id)
        return found.values_list("role", flat=True).first()

    monkeypatch.setattr(assigning, "hold_role", read_role)

    race(scene.assign, scene.remove)

    assert scene.was_overtaken
    assert Order.objects.get(pk=scene.order.pk).assignee == scene.agent
