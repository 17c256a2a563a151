"""Connect a project to an account at a provider, change the connection, and end it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.locks import lock_project
from accounts.models import Project, User
from accounts.queries import require_operation
from integrations.access import MANAGE_INTEGRATIONS
from integrations.contracts import Connector, Exposure
from integrations.errors import ConfigRefused, TooManyIntegrations
from integrations.models import Integration, SyncRun
from integrations.models.integrations import OldSecrets, sealed, sealed_earlier
from integrations.providers import connectable, connector_of
from integrations.services.asking import lock_for, queue_check
from integrations.services.configuring import Configuration, read_configuration
from integrations.tasks import run_errand, sync
from integrations.work.ending import drop_errands, end
from integrations.work.queueing import queue_run
from integrations.work.runs import cancel_runs
from integrations.work.schedule import next_sync_at
from integrations.work.statuses import lock_integration, record_status, set_status
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.encryption import Undecryptable
from orderchainer.core.errors import Invalid

logger = structlog.get_logger(__name__)

Precondition = Callable[[Integration], None]
Status = Integration.Status

MAX_INTEGRATIONS = 100
# For how long replaced secrets still count. Providers go on signing with them for half an hour.
OLD_SECRETS_COUNT_FOR = timedelta(hours=1)
# How many replaced secrets count at a time.
MAX_OLD_SECRETS = 3

DISCONNECTED = "The integration was disconnected."
PAUSED = "The integration was paused."


@dataclass(frozen=True)
class Connected:
    """The integration of an account, and whether the project had none before."""

    integration: Integration
    is_new: bool


@transaction.atomic
def connect_integration(
    *, project: Project, provider: str, config: Mapping[str, object], by: User | None = None
) -> Connected:
    """Connect the project to the account that `config` names, and have a worker check it.

    The same account again gets the new configuration and keeps its id. Its earlier secrets count
    for another hour. One that was disconnected comes back as if it were new. Records
    `integration_status_changed`. `by` is the person who asks.

    Raises `Invalid` for an unknown provider, `ConfigRefused`, `TooManyIntegrations`, and
    `RoleNotEnough` if `by` may not do it.
    """
    connectors = connectable()
    if provider not in connectors:
        known = ", ".join(connectors) or "none"
        raise Invalid({"provider": [f"There is no such provider. The providers are: {known}."]})
    configuration = read_configuration(connectors[provider], config)
    project = lock_project(project)
    if by is not None:
        require_operation(by, project, MANAGE_INTEGRATIONS)
    integration = _locked_of_account(project, provider, configuration.account)
    if integration is None or integration.status == Status.DISCONNECTED:
        _require_place(project)
        integration = _begin(integration, project, provider, configuration, by)
        return Connected(integration, is_new=True)
    _set_configuration(integration, configuration)
    # Even with the same values: a bot that another project has taken meanwhile comes back only to
    # an integration that connects.
    set_status(integration, Status.CONNECTING, by=by)
    queue_check(integration)
    return Connected(integration, is_new=False)


@transaction.atomic
def change_integration(
    *,
    integration: Integration,
    config: Mapping[str, object] | None = None,
    is_paused: bool | None = None,
    by: User | None = None,
    precondition: Precondition | None = None,
) -> Integration:
    """Change the given keys of the configuration, pause or resume; return it as it is now.

    A value of `config` is no change if it equals the present value, or what people were shown of
    it. None removes a key. A changed configuration is checked with the provider, as when
    connecting. Pausing drops the run that waits or runs; resuming queues a run that catches up.

    We call `precondition` with the locked integration before anything changes; it may raise.
    Records `integration_status_changed`. Raises `ConfigRefused`, `IntegrationNotFound`, and
    `RoleNotEnough` if `by` may not do it.
    """
    integration = lock_for(integration, by=by, operation=MANAGE_INTEGRATIONS)
    if precondition is not None:
        precondition(integration)
    if config and _reconfigure(integration, config):
        set_status(integration, Status.CONNECTING, by=by)
        queue_check(integration)
    if is_paused is not None and is_paused != integration.is_paused:
        _pause(integration, is_paused=is_paused, by=by)
    return integration


@transaction.atomic
def disconnect_integration(
    *,
    integration: Integration,
    by: User | None = None,
    precondition: Precondition | None = None,
) -> None:
    """End the connection: drop its work, wipe its secrets, and have a worker tell the provider.

    Its orders and messages stay. Records `integration_status_changed`. `precondition` as in
    `change_integration`. Raises `IntegrationNotFound`, and `RoleNotEnough` if `by` may not do it.
    """
    integration = lock_for(integration, by=by, operation=MANAGE_INTEGRATIONS)
    if precondition is not None:
        precondition(integration)
    goodbye = end(integration, DISCONNECTED, by=by)
    if goodbye is not None:
        nudge_on_commit(run_errand, goodbye.pk)


# --- The account ------------------------------------------------------------------------------


def _locked_of_account(project: Project, provider: str, account: str) -> Integration | None:
    found = project.integrations.filter(provider=provider, account=account).first()
    return lock_integration(found.pk) if found else None


def _require_place(project: Project) -> None:
    if project.integrations.open().count() >= MAX_INTEGRATIONS:
        raise TooManyIntegrations(MAX_INTEGRATIONS)


def _begin(
    integration: Integration | None,
    project: Project,
    provider: str,
    configuration: Configuration,
    by: User | None,
) -> Integration:
    """Store a new integration, or start a disconnected one anew, and have it checked."""
    before = integration.status if integration else None
    if integration is None:
        integration = Integration(project=project, provider=provider, account=configuration.account)
    else:
        # We must no longer say goodbye to its provider.
        drop_errands(integration, "The account was connected again.")
        integration.config_version += 1
        # The new credentials may open more than the old ones did, so the first sync asks for all.
        integration.last_sync = None
    now = timezone.now()
    integration.status = Status.CONNECTING
    integration.status_since = integration.updated_at = now
    integration.is_paused = False
    integration.config = dict(configuration.shown)
    integration.secrets = sealed(configuration.secrets)
    integration.connected_by = by
    integration.next_sync_at = next_sync_at(now)
    integration.save()
    record_status(integration, before=before, by=by)
    queue_check(integration)
    return integration


# --- The configuration ------------------------------------------------------------------------


def _reconfigure(integration: Integration, config: Mapping[str, object]) -> bool:
    """Change keys of the configuration; tell whether anything changed."""
    connector = connector_of(integration.provider)
    if connector is None:
        raise ConfigRefused({name: ["This provider is no longer supported."] for name in config})
    configuration = read_configuration(
        connector, config, kept=_kept(connector, integration), shown=integration.config
    )
    if configuration.account != integration.account:
        words = "This is another account. Connect it as a new integration."
        raise ConfigRefused({name: [words] for name in config})
    return _set_configuration(integration, configuration)


def _kept(connector: Connector, integration: Integration) -> Mapping[str, str]:
    """Return the values that stay unless they are given anew."""
    try:
        return integration.configuration()
    except Undecryptable:
        # The other values are lost. People can still type all of them anew.
        keys = {key.name for key in connector.keys if key.exposure is Exposure.OPEN}
        return {name: value for name, value in integration.config.items() if name in keys}


def _set_configuration(integration: Integration, configuration: Configuration) -> bool:
    """Store the configuration of a locked integration; tell whether it has changed."""
    secrets = _secrets_of(integration)
    if integration.config == configuration.shown and secrets == configuration.secrets:
        return False
    if secrets != configuration.secrets:
        _keep_earlier(integration, secrets)
        integration.secrets = sealed(configuration.secrets)
    integration.config = dict(configuration.shown)
    integration.config_version += 1
    integration.notes = []
    integration.updated_at = timezone.now()
    integration.save()
    return True


def _secrets_of(integration: Integration) -> Mapping[str, str] | None:
    """Return the secrets, or None if our keys do not open them."""
    try:
        return integration.reveal()
    except Undecryptable:
        return None


def _keep_earlier(integration: Integration, secrets: Mapping[str, str] | None) -> None:
    """Let the secrets that are being replaced count for a while longer."""
    now = timezone.now()
    try:
        earlier = integration.earlier_secrets(now)
    except Undecryptable:
        earlier = []
    if secrets is not None:
        until = now + OLD_SECRETS_COUNT_FOR
        earlier = [OldSecrets(secrets=dict(secrets), until=until.isoformat()), *earlier]
    earlier = earlier[:MAX_OLD_SECRETS]
    integration.old_secrets = sealed_earlier(earlier) if earlier else None
    integration.old_secrets_until = max(map(_end_of, earlier), default=None)


def _end_of(earlier: OldSecrets) -> datetime:
    return datetime.fromisoformat(earlier["until"])


# --- The work ---------------------------------------------------------------------------------


def _pause(integration: Integration, *, is_paused: bool, by: User | None) -> None:
    if is_paused:
        cancel_runs(integration, PAUSED)
    integration.is_paused = is_paused
    integration.updated_at = timezone.now()
    integration.save(update_fields=["is_paused", "updated_at"])
    record_status(integration, before=integration.status, by=by)
    connector = connector_of(integration.provider)
    if not is_paused and connector is not None and connector.sync is not None:
        run = queue_run(integration, SyncRun.Trigger.PERSON, by=by)
        nudge_on_commit(sync, run.pk)
