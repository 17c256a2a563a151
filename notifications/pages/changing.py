"""Who cares for a conversation, whether it is open, and which orders it is about."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from accounts.models import User
from notifications import services
from notifications.models import Conversation
from notifications.models.messages import Direction
from notifications.pages.acting import ConversationAction
from notifications.pages.base import SNOOZES, read_posted
from notifications.services import ConversationChanges
from orderchainer.core.errors import Invalid, Stale
from orderchainer.core.ids import MAX_ID, uuid_in
from orders.errors import OrderNotFound
from orders.models import Order
from orders.queries import numbered_order_in_project

MORNING = time(9)
# A form that is sent twice arrives again within this time.
SENT_TWICE = timedelta(minutes=1)


def end_of_snooze(choice: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return until when a conversation is snoozed. Days and hours are those of the project."""
    if choice in {"hour", "hours"}:
        return now + timedelta(hours=1 if choice == "hour" else 4)
    today = now.astimezone(zone).date()
    days = 1 if choice == "tomorrow" else 7 - today.weekday()
    return datetime.combine(today + timedelta(days=days), MORNING, tzinfo=zone)


class ChangeForm(forms.Form):
    """One change: an assignee (an id, or empty for nobody; `me`), a status, or a snooze.

    `was` is what the page showed in its place. `seen` is when the last thing happened that it
    showed.
    """

    assignee = forms.CharField(required=False, max_length=64)
    me = forms.BooleanField(required=False)
    status = forms.ChoiceField(
        required=False, choices=[(each, each) for each in ("open", "closed")]
    )
    snooze = forms.ChoiceField(required=False, choices=list(SNOOZES.items()))
    was = forms.CharField(required=False, max_length=64)
    seen = forms.DateTimeField(required=False)


class ChangePage(ConversationAction):
    """Assigns a conversation, closes it, opens it again, or snoozes it."""

    def act(self) -> None:
        """Change it, unless somebody was faster."""
        sent = read_posted(ChangeForm, self.request.POST)
        changes = self._changes(sent)
        services.change_conversation(
            conversation=self.conversation(),
            by=self.person,
            changes=changes,
            precondition=_unless_somebody_was_faster(sent["was"], sent["seen"], changes),
        )

    def _changes(self, sent: dict[str, Any]) -> ConversationChanges:
        if sent["snooze"]:
            until = end_of_snooze(sent["snooze"], self.its_project.zone, timezone.now())
            return {"status": str(Conversation.Status.SNOOZED), "snoozed_until": until}
        if "snooze" in self.request.POST:
            raise Invalid({"snooze": ["Choose for how long it is snoozed."]})
        if sent["status"]:
            return {"status": sent["status"]}
        return {"assignee": self.person if sent["me"] else _user_named(sent["assignee"])}


def _user_named(user_id: str) -> User | None:
    """Return the user with that id; None for an empty one. The service checks the membership."""
    if not user_id:
        return None
    uuid = uuid_in(user_id)
    user = User.objects.filter(uuid=uuid).first() if uuid else None
    if user is None:
        raise Invalid({"assignee": ["Must be a member who may send messages."]})
    return user


def _unless_somebody_was_faster(
    was: str, seen: datetime | None, changes: ConversationChanges
) -> Callable[[Conversation], None]:
    """Return a check that the conversation is still as the page showed it.

    If it is as wanted already, that is fine: a form that is sent twice finds it so. Nobody closes
    an open conversation or snoozes it while it has a message of the customer that they have not
    seen, because then nobody would look at it any more.
    """

    def require_same(conversation: Conversation) -> None:
        if "assignee" in changes:
            now = conversation.assignee
            if now != changes["assignee"] and (str(now.uuid) if now else "") != was:
                who = (now.name or now.email) if now else "nobody"
                raise Stale(f"It has been assigned to {who} since you opened the page.")
        elif conversation.status not in {was, changes.get("status")}:
            raise Stale(f"It is {conversation.status} since you opened the page.")
        elif "snoozed_until" in changes and conversation.snoozed_until is not None:
            _keep_first_snooze(conversation.snoozed_until, changes)
        elif changes.get("status") != Conversation.Status.OPEN and _has_news(conversation, seen):
            raise Stale("The customer has written again since you opened the page.")

    return require_same


def _keep_first_snooze(until: datetime, changes: ConversationChanges) -> None:
    """Keep the end of a snooze that is there already, and tell those who want another end.

    Only open conversations have the field. A form that is sent twice counts its hours from another
    moment, but means the same end.
    """
    wanted = changes["snoozed_until"]
    assert wanted is not None, "the form has an end for each choice"
    if abs(wanted - until) > SENT_TWICE:
        raise Stale("It has been snoozed since you opened the page.")
    changes["snoozed_until"] = until


def _has_news(conversation: Conversation, seen: datetime | None) -> bool:
    """Tell whether the customer has written since then to an open conversation."""
    is_open = conversation.status == Conversation.Status.OPEN
    if not is_open or seen is None or conversation.last_activity_at <= seen:
        return False
    return conversation.messages.filter(direction=Direction.INBOUND, created_at__gt=seen).exists()


class LinkForm(forms.Form):
    """The number of an order, such as `#12`, to link or to unlink."""

    order = forms.CharField(max_length=32)
    unlink = forms.BooleanField(required=False)


class LinkPage(ConversationAction):
    """Says that a conversation is about an order, or that it is not."""

    def act(self) -> None:
        """Link the last message of the customer, or unlink all that are about the order."""
        sent = read_posted(LinkForm, self.request.POST)
        order = self._order(sent["order"])
        conversation = self.conversation()
        if sent["unlink"]:
            services.unlink_order(conversation=conversation, order=order, by=self.person)
        else:
            services.link_conversation(conversation=conversation, order=order, by=self.person)

    def _order(self, text: str) -> Order:
        digits = text.strip().removeprefix("#")
        is_number = digits.isascii() and digits.isdecimal() and len(digits) < 20
        if is_number and int(digits) <= MAX_ID:
            try:
                return numbered_order_in_project(self.its_project, int(digits))
            except OrderNotFound:
                pass
        raise Invalid({"order": [f"The project has no order “{text.strip()}”."]})
