"""The bell: what concerns a member, which of it is new, and what the browser may tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.access import Operation
from accounts.models import Project, User
from accounts.pages.base import own_path
from notifications.access import CHOOSE_NEWS
from notifications.bell import NOTICES
from notifications.digest_mail import cut
from notifications.events import EventType as MessageEventType
from notifications.pages.base import OfInbox, read_posted
from notifications.pages.shown import channel_label, conversation_address, name_in
from notifications.queries import count_unread
from notifications.queries.bell import Item, count_new, items_for, listener_for
from notifications.services.bell import mark_all_seen, mark_seen
from orderchainer.core.web.fragments import wants_fragment
from orderchainer.core.web.looks import LOOKS, Look
from orderchainer.core.web.navigation import MAX_COUNTED
from orderchainer.core.web.page import SeeOther
from orders.errors import numbered
from orders.lifecycle import EventType
from orders.stream.models import Event

MAX_SHOWN = 50
# The browser shows no more notifications at once; one more tells how many others there are.
MAX_TOLD = 3
TITLE_LENGTH = 120
WORDS_LENGTH = 200
_PLAIN = Look("bell", "slate")


@dataclass(frozen=True)
class ShownItem:
    """A thing at the bell, as its page shows it."""

    name: str
    icon: str
    hue: str
    title: str
    words: str
    url: str
    at: datetime
    position: int
    is_new: bool
    is_mine: bool
    earlier: int


def shown_item(project: Project, item: Item) -> ShownItem:
    """Return a thing at the bell in words."""
    look, title, words, url = _described(project, item)
    return ShownItem(
        name=item.name,
        icon=look.icon,
        hue=look.hue,
        title=cut(title, TITLE_LENGTH),
        words=cut(words, WORDS_LENGTH),
        url=url,
        at=item.at,
        position=item.position,
        is_new=item.is_new,
        is_mine=item.is_mine,
        # The words count messages already.
        earlier=0 if item.event.type == MessageEventType.MESSAGE_RECEIVED else item.earlier,
    )


def _described(project: Project, item: Item) -> tuple[Look, str, str, str]:
    """Return the look of an item, its title, what happened, and the address of its page."""
    event = item.event
    if item.order is not None:
        arguments = {"project_id": project.uuid, "number": item.order.pk}
        look, words = _of_order(event)
        title = f"#{item.order.pk} {item.order.title}"
        return look, title, words, reverse("order-page", kwargs=arguments)
    if item.conversation is not None:
        look, words = _of_talk(item)
        address = conversation_address(project, item.conversation["uuid"])
        return look, name_in(item.conversation), words, address
    notice = NOTICES[event.type]
    arguments = {"project_id": project.uuid, **notice.arguments_for(event.subject_uuid)}
    look = Look(notice.icon, "red")
    return look, notice.title_of(event), item.error, reverse(notice.page, kwargs=arguments)


def _of_order(event: Event) -> tuple[Look, str]:
    match event.type:
        case EventType.UPDATED:
            return Look("user", "teal"), "Assigned to you"
        case EventType.READY:
            return LOOKS.get("ready", _PLAIN), "Ready: it no longer waits for any other order"
        case EventType.BLOCKED:
            blockers = numbered(event.data.get("blockers", []))
            return LOOKS.get("blocked", _PLAIN), f"Blocked by {blockers}"
        case EventType.STATUS_CHANGED if event.data.get("old_status") != "draft":
            status = str(event.data.get("new_status"))
            return LOOKS.get(status, _PLAIN), _because(event, status.capitalize())
    return Look("plus", "blue"), "New order"


def _because(event: Event, words: str) -> str:
    cause = event.data.get("cause") or {}
    if "order_id" in cause:
        return f"{words}, because #{cause['order_id']} is {cause['status']}"
    return words


def _of_talk(item: Item) -> tuple[Look, str]:
    talk = item.conversation
    assert talk is not None
    on_channel = f"on {channel_label(talk['channel'])}"
    match item.event.type:
        case MessageEventType.CONVERSATION_CHANGED:
            return Look("user", "teal"), "Assigned to you"
        case MessageEventType.MESSAGE_STATUS_CHANGED:
            because = f": {item.error}" if item.error else ""
            return LOOKS.get("failed", _PLAIN), f"A message could not be sent{because}"
    unread = talk["unread"]
    if unread and item.is_new:
        many = "1 new message" if unread == 1 else f"{unread} new messages"
        return Look("message-square", "blue"), f"{many} {on_channel}"
    return Look("message-square", "slate"), f"Wrote {on_channel}"


# --- Pages ------------------------------------------------------------------------------------


class NotificationsPage(OfInbox):
    """What concerns the reader: the last things, each with what happened to it last."""

    template_name = "notifications/bell.html"
    parts = ("bell-list",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": CHOOSE_NEWS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show all of it, or with `show=new` only what is new."""
        only_new = self.request.GET.get("show") == "new"
        listener = listener_for(self.its_project, self.person)
        found = items_for(listener)
        new = sum(item.is_new for item in found)
        wanted = [item for item in found if item.is_new or not only_new]
        kept = wanted[:MAX_SHOWN]
        return self.show(
            {
                "items": [shown_item(self.its_project, item) for item in kept],
                "more": len(wanted) - len(kept),
                "new": new,
                # What was on the page; what comes later stays new.
                "until": max((item.position for item in kept), default=0),
                "hears": bool(listener.kinds),
                "only_new": only_new,
                "tabs": self._tabs(only_new=only_new, new=new),
            }
        )

    def _tabs(self, *, only_new: bool, new: int) -> Sequence[Mapping[str, Any]]:
        here = self.request.path
        return [
            {"label": "All", "url": here, "is_current": not only_new},
            {"label": "New", "url": f"{here}?show=new", "is_current": only_new, "count": new},
        ]


class SeenForm(forms.Form):
    """How far the reader has looked: at everything, or at the thing with this `name`."""

    until = forms.IntegerField(min_value=0, max_value=2**63 - 1)
    name = forms.RegexField(r"^[a-z_]{1,32}-[0-9a-f-]{1,36}$", required=False)


class SeenPage(OfInbox):
    """Marks things at the bell as seen, up to what the page showed."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": CHOOSE_NEWS}
    is_live = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Mark them, and go back to the list. A script gets an empty answer."""
        sent = read_posted(SeenForm, self.request.POST)
        project, user = self.its_project, self.person
        if sent["name"]:
            mark_seen(project=project, user=user, name=sent["name"], until=sent["until"])
        else:
            mark_all_seen(project=project, user=user, until=sent["until"])
        if "X-Requested-With" in self.request.headers or wants_fragment(self.request):
            return HttpResponse(status=204)
        path = own_path(self.request.POST.get("next", ""))
        return SeeOther(path or self.address("notifications"))


class TellingPage(OfInbox):
    """What is new since the position `after`, for the notifications of the browser, as JSON.

    Whoever looks at the screen reads them. So they name neither customers nor their words, nor the
    titles of orders.
    """

    operations: ClassVar[Mapping[str, Operation]] = {"GET": CHOOSE_NEWS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Tell them, the newest last."""
        given = self.request.GET.get("after", "")
        after = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
        listener = listener_for(self.its_project, self.person)
        found = items_for(listener, after=max(after, listener.seen_until))
        new = [item for item in found if item.is_new]
        told = [self._told(item) for item in reversed(new[:MAX_TOLD])]
        if len(new) > MAX_TOLD:
            told.insert(0, self._others(len(new) - MAX_TOLD))
        return JsonResponse(
            {"position": max((item.position for item in found), default=after), "news": told}
        )

    def _told(self, item: Item) -> Mapping[str, str]:
        shown = shown_item(self.its_project, item)
        if item.order is not None:
            title = f"#{item.order.pk}: {_of_order(item.event)[1]}"
        elif item.conversation is not None:
            channel = channel_label(item.conversation["channel"])
            title = {
                MessageEventType.CONVERSATION_CHANGED: "A conversation was assigned to you",
                MessageEventType.MESSAGE_STATUS_CHANGED: "A message could not be sent",
            }.get(MessageEventType(item.event.type), f"A customer wrote on {channel}")
        else:
            title = f"{shown.title}: {shown.words}"
        return {
            "tag": item.name,
            "title": cut(title, TITLE_LENGTH),
            "body": cut(self.its_project.name, TITLE_LENGTH),
            "url": shown.url,
        }

    def _others(self, count: int) -> Mapping[str, str]:
        more = "1 more notification" if count == 1 else f"{count} more notifications"
        return {
            "tag": "more",
            "title": more,
            "body": cut(self.its_project.name, TITLE_LENGTH),
            "url": self.address("notifications"),
        }


def new_at_the_bell(person: User, project: Project) -> int:
    """Return how many things at the bell are new, for the number beside it."""
    return count_new(listener_for(project, person), most=MAX_COUNTED + 1)


def unread_in_the_inbox(person: User, project: Project) -> int:
    """Return how many conversations are unread, for the number beside the inbox."""
    return count_unread(project, most=MAX_COUNTED + 1)
