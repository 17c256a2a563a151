"""Every kind of caller of an endpoint: the owner, a stranger, and those who must be refused."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.mail.invitation_links import new_link
from accounts.models import ApiToken, Invitation, Membership, Project, Session, User
from accounts.pages.cookies import COOKIE
from accounts.queries import session_of
from accounts.scopes import AREAS, READ, all_scopes
from accounts.services import (
    change_password,
    create_project,
    deactivate_user,
    delete_user,
    end_sessions,
    open_browser_session,
    open_session,
    set_member,
)
from accounts.services.invitations import invite
from accounts.services.storefront import set_storefront
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user, token_of
from accounts.tokens import SessionAccessToken, issue_ticket, new_api_token
from cart.tests.factories import make_cart
from catalog.tests.factories import make_category, make_product
from integrations.discord.services import create_discord_webhook
from integrations.discord.webhook_url import parse_webhook_url
from integrations.models import InboundDelivery, SyncRun
from integrations.services import connect_integration
from notifications.channels import Person
from notifications.files import examine, stored
from notifications.models import Attachment, Message
from notifications.models.messages import FileState, MessageStatus
from notifications.services import (
    Recipient,
    create_rule,
    receive_message,
    send_message,
)
from notifications.tests.factories import incoming
from notifications.tests.stand_in import STAND_IN, connect_stand_in
from orderchainer.tests.endpoints import ENDPOINTS, SHOP_CONFIG
from orders.models import Order
from orders.services import create_order
from orders.tests.factories import make_order
from reports.models import Report
from reports.services import create_schedule, request_report
from reports.work import building

Role = Membership.Role
# Nothing listens there and nothing needs to, because a refused request sends nothing.
DISCORD = "127.0.0.1:9"


def api_token(
    user: User, scopes: Sequence[str] = all_scopes(), **fields: Any
) -> tuple[ApiToken, str]:
    """Give `user` an API token; return its row and its text. `fields` are stored unchecked."""
    new = new_api_token()
    row = ApiToken.objects.create(
        user=user,
        name="A test's",
        prefix=new.prefix,
        digest=new.digest,
        scopes=list(scopes),
        **fields,
    )
    return row, new.text


class World:
    """An owner with one of everything, a stranger with nothing, and ids for paths and bodies."""

    def __init__(self) -> None:
        # One client for all calls: each new one would set up the middleware again.
        self.client = APIClient()
        self.owner = make_user(first_name="Ada", last_name="Lovelace")
        self.colleague = make_user()
        self.stranger = make_user()
        order, awaited = make_order(self.owner), make_order(self.owner)
        project, invitation = self._shared_project()
        set_storefront(project=project)
        product = make_product(project)
        shared_awaited = self._shared_order(project)
        self.ids: Mapping[str, object] = {
            "order": order.pk,
            "awaited_order": awaited.pk,
            "waiting_order": make_order(self.owner, awaited).pk,
            "order_uuid": order.uuid,
            "project": project.uuid,
            "member": self.colleague.uuid,
            "invitation": invitation.pk,
            "invitation_link": self._link_to_the_project_of_somebody_else(),
            "session": session_of(token_of(self.owner)).pk,
            "api_token": api_token(self.owner)[0].pk,
            "user": self.owner.uuid,
            "product": product.pk,
            "shared_product": make_product(project).uuid,
            "shared_category": make_category(project).pk,
            "shared_order": self._shared_order(project).uuid,
            "shared_awaited_order": shared_awaited.uuid,
            "shared_waiting_order": self._shared_order(project, shared_awaited).uuid,
            **self._integration_and_its_work(project),
            **self._what_a_customer_wrote(project),
            "report": self._report(project).uuid,
            "report_schedule": create_schedule(
                project=project,
                by=self.owner,
                fields={"report_type": "sales", "frequency": "weekly"},
            ).uuid,
            "ready_report": self._ready_report(project).uuid,
            "cart_item": make_cart(self.owner, {product: 1}).lines[0].item_id,
        }
        create_discord_webhook(
            user=self.owner,
            address=parse_webhook_url(f"http://{DISCORD}/api/webhooks/1/t0ken"),
            fields={},
        )
        self.session = token_of(self.owner)
        self.cookie = f"{COOKIE}={browser_of(self.owner).cookies[COOKIE].value}"
        self.strangers_session = token_of(self.stranger)
        self.strangers_api_token = api_token(self.stranger)[1]
        # Tokens with one scope, and tokens with all scopes but those of one area.
        self.with_scope = {scope: api_token(self.owner, [scope])[1] for scope in all_scopes()}
        self.with_both = {
            (endpoint.needs, endpoint.also_needs): api_token(
                self.owner, [endpoint.needs, endpoint.also_needs]
            )[1]
            for endpoint in ENDPOINTS
            if endpoint.also_needs
        }
        self.without_area = {
            area: api_token(
                self.owner,
                [scope for scope in all_scopes() if not scope.startswith(f"{area}:")],
            )[1]
            for area in AREAS
        }
        self.reading_only = {
            area: api_token(
                self.owner,
                [
                    scope
                    for scope in all_scopes()
                    if not scope.startswith(f"{area}:") or scope == f"{area}:{READ}"
                ],
            )[1]
            for area in AREAS
        }
        self.with_all_scopes = api_token(self.owner)[1]
        self.unbelievable = {name: make(self) for name, make in UNBELIEVABLE.items()}

    def _shared_project(self) -> tuple[Project, Invitation]:
        """Make a project with the owner, a colleague and an open invitation."""
        project = create_project(owner=self.owner, name="Shared")
        set_member(project=project, user=self.colleague, role=Role.OWNER)
        invitation = invite(
            project=project,
            email="somebody@example.com",
            role=Role.VIEWER,
            by=self.owner,
        )
        return project, invitation

    def _shared_order(self, project: Project, *waits_for: Order) -> Order:
        """Make an order in the shared project."""
        return create_order(
            by=self.owner,
            project=project,
            fields={"title": "Shared"},
            dependencies=[order.pk for order in waits_for],
        )

    def _integration_and_its_work(self, project: Project) -> dict[str, object]:
        """Connect the shared project to a shop, with a sync that waits and a delivery."""
        integration = connect_integration(
            project=project, provider="shopify", config=SHOP_CONFIG, by=self.owner
        ).integration
        run = SyncRun.objects.create(integration=integration, trigger=SyncRun.Trigger.PERSON)
        delivery = InboundDelivery.objects.create(integration=integration, key="1", body=b"{}")
        return {
            "integration": integration.uuid,
            "run": run.uuid,
            "delivery": delivery.uuid,
        }

    def _report(self, project: Project) -> Report:
        """Ask for a report of the shared project."""
        day = date(2025, 1, 1)
        return request_report(
            project=project, by=self.owner, report_type="sales", start=day, end=day, filters={}
        )

    def _ready_report(self, project: Project) -> Report:
        """Return a report that a worker has built."""
        report = self._report(project)
        building.build_report(report.pk)
        return report

    def _what_a_customer_wrote(self, project: Project) -> dict[str, object]:
        """Receive messages in the shared project, one with files; and fail to answer."""
        line = connect_stand_in(project)
        message = receive_message(line=line, incoming=incoming())
        other = receive_message(line=line, incoming=incoming(person=Person(provider_id="2")))
        assert message is not None
        assert other is not None
        with stored(examine(b"Hello")) as name:
            file = Attachment.objects.create(
                message=message, state=FileState.STORED, file=name, media_type="text/plain"
            )
        missing = Attachment.objects.create(message=message, state=FileState.FAILED)
        answer = send_message(
            project=project,
            by=self.owner,
            recipient=Recipient(contact_id=message.conversation.contact.uuid),
            channel=STAND_IN,
            content="Hello",
        )
        answer.sends.update(state="failed")
        Message.objects.filter(pk=answer.pk).update(status=MessageStatus.FAILED)
        rule = create_rule(
            project=project, by=self.owner, fields={"occasion": "order_ready", "content": "Ready"}
        )
        return {
            "rule": rule.uuid,
            "message": message.uuid,
            "failed_message": answer.uuid,
            "conversation": message.conversation.uuid,
            "contact": message.conversation.contact.uuid,
            "other_contact": other.conversation.contact.uuid,
            "attachment": file.uuid,
            "failed_attachment": missing.uuid,
        }

    def _link_to_the_project_of_somebody_else(self) -> UUID:
        """Invite the owner to another project and return the link in the e-mail."""
        project = create_project(owner=self.colleague, name="Another")
        invitation = invite(
            project=project,
            email=self.owner.email,
            role=Role.AGENT,
            by=self.colleague,
        )
        link = new_link(invitation.pk)
        assert link is not None
        return link

    def claims(self, **changes: object) -> dict[str, object]:
        """Return the claims of the owner's valid access token, with `changes` applied."""
        claims = jwt.decode(self.session, options={"verify_signature": False})
        return {**claims, **changes}

    def signed(self, algorithm: str = "HS256", key: str = "", **changes: object) -> str:
        """Write a token like the owner's valid one."""
        return jwt.encode(self.claims(**changes), key or settings.SECRET_KEY, algorithm=algorithm)


# Requests that show no bearer token at all.
MISSING: dict[str, dict[str, str]] = {
    "nothing": {},
    "an empty header": {"HTTP_AUTHORIZATION": ""},
    "another scheme": {"HTTP_AUTHORIZATION": "Basic dXNlcjpwYXNzd29yZA=="},
    "the scheme of other services": {"HTTP_AUTHORIZATION": "Token oc_0123456789"},
    "a cookie": {"HTTP_COOKIE": "sessionid=0123456789abcdef0123456789abcdef"},
}


def _unsigned(world: World, algorithm: str) -> str:
    head = {"alg": algorithm, "typ": "JWT"}
    return f"{_part(head)}.{_part(world.claims())}."


def _signed_as_another_algorithm(world: World) -> str:
    """Sign with the secret, but claim RS256, as if the secret were a public key."""
    _head, body, signature = world.signed().split(".")
    return f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{body}.{signature}"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _other_payload(world: World) -> str:
    """Put another user's id into a valid token."""
    head, _body, signature = world.session.split(".")
    return f"{head}.{_part(world.claims(user_id=str(world.stranger.pk)))}.{signature}"


def _expired(_world: World) -> str:
    token = SessionAccessToken(token_of(make_user()))  # type: ignore[arg-type]
    token.set_exp(lifetime=-timedelta(seconds=1))
    return str(token)


def _of_an_ended_session(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    end_sessions(user=user, reason=Session.EndReason.LOGGED_OUT)
    return token


def _of_an_expired_session(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    user.sessions.update(expires_at=timezone.now() - timedelta(seconds=1))
    return token


def _of_a_deactivated_user(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    # Deactivated without our services, so the session stays open.
    User.objects.filter(pk=user.pk).update(is_active=False)
    return token


def _of_a_user_deactivated_by_the_service(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    deactivate_user(user=user)
    return token


def _from_before_a_new_password(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    change_password(user=user, password="another long one")
    return token


def _from_before_a_password_by_another_door(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    user.set_password("another long one")
    user.save(update_fields=["password"])
    return token


def _of_a_deleted_user(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    delete_user(user=user)
    return token


def _api_token_of_a_deleted_user(_world: World) -> str:
    user = make_user()
    text = api_token(user)[1]
    delete_user(user=user)
    return text


def _of_a_user_who_is_gone(_world: World) -> str:
    user = make_user()
    token = token_of(user)
    user.delete()
    return token


def _revoked(world: World) -> str:
    return api_token(world.owner, revoked_at=timezone.now())[1]


def _over(world: World) -> str:
    return api_token(world.owner, expires_at=timezone.now())[1]


def _api_token_of_a_deactivated_user(_world: World) -> str:
    user = make_user()
    text = api_token(user)[1]
    User.objects.filter(pk=user.pk).update(is_active=False)
    return text


def _api_token_of_a_user_deactivated_by_the_service(_world: World) -> str:
    user = make_user()
    text = api_token(user)[1]
    deactivate_user(user=user)
    return text


def _with_another_secret(world: World) -> str:
    row, text = api_token(world.owner)
    return f"oc_{row.prefix}_{text.rpartition('_')[2][::-1]}"


# Bearer tokens that we must refuse, all with the same answer.
UNBELIEVABLE: dict[str, Callable[[World], str]] = {
    "no token": lambda _world: "",
    "garbage": lambda _world: "garbage",
    "three parts of garbage": lambda _world: "a.b.c",
    "a far too long token": lambda _world: "x" * 5000,
    "an expired access token": _expired,
    "a refresh token": lambda world: open_session(user=world.owner).refresh,
    "a socket ticket": lambda world: issue_ticket(open_browser_session(user=world.owner)),
    "the text of a browser's cookie": lambda world: browser_of(world.owner).cookies[COOKIE].value,
    "an unsigned token": lambda world: _unsigned(world, "none"),
    "an unsigned token, oddly spelt": lambda world: _unsigned(world, "nOnE"),
    "a token with another key": lambda world: world.signed(key="k" * 50),
    "a token by another algorithm": lambda world: world.signed("HS512"),
    "a token that claims another algorithm": _signed_as_another_algorithm,
    "a token with somebody else's id": _other_payload,
    "a token of no session": lambda world: world.signed(sid=None),
    "a token of an unknown session": lambda world: world.signed(sid="0" * 32),
    "a token of an ended session": _of_an_ended_session,
    "a token of an expired session": _of_an_expired_session,
    "a deactivated user's token": _of_a_deactivated_user,
    "a locked out user's token": _of_a_user_deactivated_by_the_service,
    "a token from before a new password": _from_before_a_new_password,
    "a token from before a password by another door": _from_before_a_password_by_another_door,
    "a deleted user's token": _of_a_deleted_user,
    "a token of nobody in the database": _of_a_user_who_is_gone,
    "a revoked API token": _revoked,
    "an expired API token": _over,
    "an API token of a deactivated user": _api_token_of_a_deactivated_user,
    "an API token of a locked out user": _api_token_of_a_user_deactivated_by_the_service,
    "an API token of a deleted user": _api_token_of_a_deleted_user,
    "an API token with another secret": _with_another_secret,
    "an API token that nobody made": lambda _world: new_api_token().text,
    "the beginning of an API token": lambda world: world.with_all_scopes[:13],
}
