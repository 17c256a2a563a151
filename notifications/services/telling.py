"""Tell the customer of one order what one rule says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import OutgoingEmail
from accounts.services import queue_email
from notifications.channels import CHANNELS
from notifications.errors import ContactNeeded, LineUnusable, WindowClosed
from notifications.models import Message, NotificationRule, RuleOutcome
from notifications.models.messages import ContentType
from notifications.models.rules import EMAIL, NEWS_FOR
from notifications.placeholders import Subject, empty_in, filled_in, one_line
from notifications.services.customers import Customer, Way, customer_of, no_way_to, ways_to
from notifications.services.sending import send_message
from orderchainer.core.errors import DomainError, Invalid, NotFound
from orders.models import Order

# The kind of our e-mails.
ORDER_NEWS = "order_news"
DEFAULT_SUBJECT = "Your order {order_number}"
# The fields of a template that have values.
PARAMETERS = ("parameters", "header_parameters", "button_parameters")


@dataclass(frozen=True)
class Told:
    """What came of telling a customer: a message, an e-mail, or why nothing was sent.

    `is_waiting` says that it can be tried again, because our line cannot be used at the moment.
    """

    channel: str = ""
    message: Message | None = None
    email: OutgoingEmail | None = None
    reason: str = ""
    is_waiting: bool = False


class _Skipped(Exception):
    """Nothing is sent this way, for the reason in the text."""


def tell(
    *, rule: NotificationRule, order: Order, status: str, told_over: Collection[str] = ()
) -> Told:
    """Queue what `rule` says to the customer of `order`, over the first way that is open.

    `status` is the one that the customer is told of. `told_over` are the channels over which other
    rules have told them of the same event. The caller holds a transaction. Raises
    `NotFound` if a contact was merged into another one just now; then it works again at once.
    """
    assert order.project_id == rule.project_id, "a rule tells customers of its own project"
    # It is read already.
    order.project = rule.project
    if order.is_test:
        return Told(reason="The order is a test.")
    if order.customer_erased_at is not None:
        return Told(reason="The customer's data was erased.")
    customer = customer_of(order)
    if customer.has_stopped:
        return Told(reason="The customer asked for no more messages.")
    if customer.is_blocked:
        return Told(reason="The contact is blocked.")
    about = Subject(order, rule.project, status, customer.name)
    reasons: list[str] = []
    is_waiting = False
    for way in ways_to(customer, rule):
        if way.channel in told_over:
            return Told(reason=f"Another rule has told the customer of this on {way.channel}.")
        try:
            return _tell_by(way, rule, about, customer)
        except LineUnusable as refusal:
            is_waiting = True
            reasons.append(_words_of(refusal))
        except ContactNeeded:
            # They wrote on another line than the only one that can be used now. The refusal has a
            # link that makes its reader the customer, so its words are not for the log.
            is_waiting = True
            label = CHANNELS[way.channel].label
            reasons.append(f"The {label} account to which the customer wrote cannot be used.")
        except NotFound:
            raise
        except (_Skipped, DomainError) as refusal:
            reasons.append(_words_of(refusal))
    reasons = list(dict.fromkeys(reasons)) or [no_way_to(rule)]
    return Told(reason=" ".join(reasons), is_waiting=is_waiting)


@dataclass(frozen=True)
class Preview:
    """What a rule would send for an order. Without a channel, `reason` says why it sends nothing.

    A template has its name and its filled in parameters in `template`.
    """

    channel: str = ""
    name: str = ""
    # The phone number, the name at the provider, or the e-mail address.
    address: str = ""
    content: str = ""
    subject: str = ""
    template: Mapping[str, object] | None = None
    reason: str = ""


def preview(*, rule: NotificationRule, order: Order) -> Preview:
    """Return what `tell` would do for a rule, which need not be saved.

    It does the same and undoes it, so that the answer cannot differ from what happens.
    """
    status = rule.status or order.status
    with transaction.atomic():
        told = tell(rule=rule, order=order, status=status)
        shown = _shown(told, rule, order, status)
        transaction.set_rollback(True)
    return shown


def _shown(told: Told, rule: NotificationRule, order: Order, status: str) -> Preview:
    if told.message is not None:
        address, details = told.message.address, told.message.details
        return Preview(
            channel=told.channel,
            name=address.contact.name,
            address=address.phone or (address.number and f"+{address.number}") or address.username,
            content=told.message.content,
            template=details or None,
        )
    if told.email is not None:
        customer = customer_of(order)
        letter = letter_of(rule, order, status, customer)
        return Preview(
            channel=told.channel,
            name=customer.name,
            address=told.email.recipient,
            content=letter.text,
            subject=letter.subject,
        )
    return Preview(reason=told.reason)


def _tell_by(way: Way, rule: NotificationRule, about: Subject, customer: Customer) -> Told:
    if way.channel == EMAIL:
        return Told(channel=EMAIL, email=_write_email(rule, about))
    channel = CHANNELS.get(way.channel)
    if channel is None:
        raise _Skipped(no_way_to(rule))
    closed: WindowClosed | None = None
    if rule.content and ContentType.TEXT in channel.content_types:
        try:
            content = filled_in(rule.content, about)
            return Told(channel=way.channel, message=_send(way, rule, about, content=content))
        except WindowClosed as refusal:
            closed = refusal
    if rule.template and ContentType.TEMPLATE in channel.content_types:
        details = _template(rule.template, about)
        return Told(channel=way.channel, message=_send(way, rule, about, details=details))
    if closed is not None:
        raise closed
    raise _Skipped(f"The rule has only a template, and {channel.label} has no templates.")


def _send(
    way: Way,
    rule: NotificationRule,
    about: Subject,
    *,
    content: str = "",
    details: Mapping[str, object] | None = None,
) -> Message:
    return send_message(
        project=rule.project,
        by=None,
        recipient=way.recipient,
        channel=way.channel,
        line=rule.line,
        content_type=ContentType.TEXT if details is None else ContentType.TEMPLATE,
        content=content,
        details=details,
        order=about.order,
    )


def _template(template: Mapping[str, Any], about: Subject) -> Mapping[str, object]:
    """Return a rule's template with its values. Providers refuse an empty one."""
    texts = [text for name in PARAMETERS for text in template.get(name, [])]
    if empty := empty_in(texts, about):
        names = " and ".join(empty)
        verb = "has" if len(empty) == 1 else "have"
        raise _Skipped(f"{names} {verb} no value for this order, and a template needs one.")
    filled = {
        name: [filled_in(text, about) for text in template[name]]
        for name in PARAMETERS
        if name in template
    }
    return {**template, **filled}


# --- By e-mail --------------------------------------------------------------------------------


def _write_email(rule: NotificationRule, about: Subject) -> OutgoingEmail:
    """Queue an e-mail. Its text is written when it is sent, and is stored nowhere."""
    order = about.order
    if not rule.content:
        raise _Skipped("The rule has only a template, and an e-mail needs a text.")
    if not is_confirmed(order):
        raise _Skipped("The customer has not confirmed their e-mail address.")
    most = settings.CUSTOMER_EMAILS_PER_DAY
    if _emails_today(rule) >= most:
        raise _Skipped(f"The project has sent as many e-mails today as it may: {most}.")
    return queue_email(
        kind=ORDER_NEWS,
        recipient=order.customer_email,
        data={"rule_id": rule.pk or 0, "order_id": order.pk, "status": about.status},
        lifetime=NEWS_FOR,
    )


def is_confirmed(order: Order) -> bool:
    """Tell whether we may write to the e-mail address of an order.

    Anybody can sign up in the storefront with anybody's address, and order with another one.
    """
    if order.provider != Order.Provider.STOREFRONT:
        return True
    owner = order.owner
    is_theirs = owner.email.lower() == order.customer_email.lower()
    return is_theirs and owner.email_verified_at is not None


def _emails_today(rule: NotificationRule) -> int:
    zone = rule.project.zone
    today = timezone.now().astimezone(zone).date()
    midnight = datetime.combine(today, time.min, tzinfo=zone)
    sent = RuleOutcome.objects.filter(
        project=rule.project,
        state=RuleOutcome.State.QUEUED,
        channel=EMAIL,
        settled_at__gte=midnight,
    )
    return sent.count()


@dataclass(frozen=True)
class Letter:
    """The words of an e-mail."""

    subject: str
    text: str


def letter_of(rule: NotificationRule, order: Order, status: str, customer: Customer) -> Letter:
    """Return what the e-mail of a rule says about an order."""
    about = Subject(order, rule.project, status, customer.name)
    return Letter(
        subject=one_line(filled_in(rule.subject or DEFAULT_SUBJECT, about)),
        text=filled_in(rule.content, about),
    )


def _words_of(refusal: _Skipped | DomainError) -> str:
    if isinstance(refusal, Invalid):
        words: Sequence[str] = [word for each in refusal.errors.values() for word in each]
        return " ".join(words)
    return str(refusal)
