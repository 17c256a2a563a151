"""A conversation is assigned to a member who is being removed from the project."""

from dataclasses import dataclass, field
from threading import Event

import pytest

from accounts.models import Membership, User
from accounts.services import remove_member
from accounts.tests.projects import Team, make_team
from notifications import tasks
from notifications.models import Conversation
from notifications.services import change_conversation, conversations
from notifications.tests.pages.scenes import write
from notifications.tests.pretend import Pretend
from orderchainer.core.errors import Invalid
from orderchainer.testing.races import on_postgresql, race

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 0.5


@dataclass
class Scene:
    """A conversation of a team, and an agent who is being removed while they get it."""

    team: Team
    conversation: Conversation
    is_checked: Event = field(default_factory=Event)
    is_removed: Event = field(default_factory=Event)
    was_overtaken: bool = False

    @property
    def agent(self) -> User:
        return self.team.members["agent"]

    def assign(self) -> object:
        return change_conversation(
            conversation=self.conversation, by=self.team.owner, changes={"assignee": self.agent}
        )

    def remove(self) -> object:
        self.is_checked.wait(10)
        remove_member(project=self.team.project, user=self.agent, by=self.team.owner)
        # What follows a removal.
        tasks.release_conversations(self.team.project.pk)
        self.is_removed.set()
        return None

    def now(self) -> User | None:
        return Conversation.objects.get(pk=self.conversation.pk).assignee

    def wait_between_check_and_write(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assign = conversations._assign

        def assign_slowly(conversation: Conversation, assignee: User | None) -> dict[str, object]:
            changed = assign(conversation, assignee)
            self.is_checked.set()
            self.was_overtaken = self.is_removed.wait(PATIENCE_SECONDS)
            return changed

        monkeypatch.setattr(conversations, "_assign", assign_slowly)


@pytest.fixture
def scene(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> Scene:
    team = make_team()
    scene = Scene(team, write(pretend.add_line(team.project)).conversation)
    scene.wait_between_check_and_write(monkeypatch)
    return scene


def test_whoever_is_being_removed_keeps_no_conversation(scene: Scene) -> None:
    assigned, removed = race(scene.assign, scene.remove)

    assert not isinstance(assigned, Exception)
    assert not isinstance(removed, Exception)
    assert not scene.was_overtaken
    # The removal came after the assignment, and took it back.
    tasks.release_conversations(scene.team.project.pk)
    assert scene.now() is None


def test_whoever_has_been_removed_gets_no_conversation(scene: Scene) -> None:
    scene.is_checked.set()
    scene.remove()

    with pytest.raises(Invalid):
        scene.assign()
    assert scene.now() is None


@pytest.mark.services
@on_postgresql
def test_without_the_lock_on_the_role_it_goes_to_somebody_who_left(
    monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    """The negative control: the role is only read, so it can be lost at once."""

    def read_role(user: User, project_id: int) -> str | None:
        found = Membership.objects.filter(user=user, project=project_id)
        return found.values_list("role", flat=True).first()

    monkeypatch.setattr(conversations, "hold_role", read_role)

    race(scene.assign, scene.remove)

    assert scene.was_overtaken
    assert scene.now() == scene.agent
