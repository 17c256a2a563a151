"""E-mails to customers about their orders. They are written here when they are sent."""

from accounts.mail.letters import KINDS, LetterKind, Unwanted, Written
from accounts.models import OutgoingEmail
from notifications.fitting import no_longer_true
from notifications.models import NotificationRule, RuleOutcome
from notifications.placeholders import one_line
from notifications.services.customers import customer_of
from notifications.services.stopping import stop_link
from notifications.services.telling import ORDER_NEWS, is_confirmed, letter_of
from orders.models import Order


def write_order_news(email: OutgoingEmail) -> Written:
    """Write the e-mail of a rule about an order. Raises `Unwanted`."""
    rules = NotificationRule.objects.select_related("project").filter(pk=email.data["rule_id"])
    rule = rules.filter(is_active=True).first()
    if rule is None:
        raise Unwanted("The rule was deleted or switched off.")
    if not rule.project.is_active:
        raise Unwanted("The project is closed.")
    order = Order.objects.filter(pk=email.data["order_id"], project=rule.project).first()
    # The order's current address, in case somebody has corrected it.
    if order is None or not order.customer_email:
        raise Unwanted("The order has no e-mail address any more.")
    outcome = RuleOutcome.objects.filter(email=email).first()
    if outcome and (outcome.occasion, outcome.status) != (rule.occasion, rule.status):
        raise Unwanted("The rule is for another occasion by now.")
    if reason := no_longer_true(rule.occasion, rule.status, order):
        raise Unwanted(reason)
    if not is_confirmed(order):
        raise Unwanted("The customer has not confirmed their e-mail address.")
    customer = customer_of(order)
    if customer.has_stopped:
        raise Unwanted("The customer asked for no more messages.")
    if customer.is_blocked:
        raise Unwanted("The contact is blocked.")
    letter = letter_of(rule, order, str(email.data["status"]), customer)
    project = one_line(rule.project.name)
    link = stop_link(rule.project, order.customer_email)
    return Written(
        to=order.customer_email,
        context={"text": letter.text, "project": project, "link": link},
        subject=letter.subject,
        sender=project,
        headers={
            # RFC 2369, and RFC 8058 for the button in mail programs.
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


KINDS.add(ORDER_NEWS, LetterKind("About your order", write_order_news, is_repeatable=True))
