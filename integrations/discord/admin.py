"""The back office of Discord integrations: see their state, switch them, send a test message."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.discord import services
from integrations.discord.models import (
    DiscordWebhook,
    DiscordWebhookQuerySet,
    Toggle,
)
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin

# The request waits for one call to Discord for each of them.
MAX_TRIED_AT_ONCE = 5


@admin.register(DiscordWebhook)
class DiscordWebhookAdmin(ReadOnly, ServiceAdmin):
    """Users' channels in Discord. A URL is its owner's secret, so nothing here decrypts one."""

    icon = "forum"
    list_display = (
        "user",
        "masked",
        "is_active",
        "last_delivery_at",
        "last_status",
        "last_error",
        "disabled_reason",
        "paused",
    )
    list_filter = ("is_active", "last_status", "last_delivery_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "webhook_id")
    ordering = ("-id",)
    readonly_fields = (
        "user",
        "masked",
        "username",
        "avatar_url",
        *Toggle.values,
        "is_active",
        "disabled_reason",
        "paused",
        "last_delivery_at",
        "last_status",
        "last_error",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (None, {"fields": ("user", "masked", "username", "avatar_url")}),
        ("Notifications", {"fields": Toggle.values}),
        ("State", {"fields": ("is_active", "disabled_reason", "paused")}),
        ("Last message", {"fields": ("last_delivery_at", "last_status", "last_error")}),
        ("Dates", {"fields": ("created_at", "updated_at")}),
    )
    actions = ("switch_on", "switch_off", "try_it")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DiscordWebhook]:
        """Do not read the URLs from the database; read how long their hosts are paused."""
        webhooks: DiscordWebhookQuerySet = super().get_queryset(request)
        return webhooks.with_host().defer("url")

    @admin.display(description="paused until", ordering="paused_until")
    def paused(self, webhook: DiscordWebhook) -> str:
        """The end of the pause of the webhook or of its host."""
        return moment(webhook.waits_until)

    @admin.display(description="webhook", ordering="webhook_id")
    def masked(self, webhook: DiscordWebhook) -> str:
        """The URL without its secret."""
        return webhook.masked_url

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Allow the actions to everybody who may change integrations."""
        return request.user.has_perm("integrations.change_discordwebhook")

    @admin.action(description="Switch on", permissions=["switch"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[DiscordWebhook]) -> None:
        """Send messages to these channels again."""
        self.do_each(
            request,
            queryset,
            lambda webhook: services.switch_discord_webhook(
                webhook_id=webhook.pk, on=True, reason=""
            ),
            done="Switched on",
        )

    @admin.action(description="Switch off", permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[DiscordWebhook]) -> None:
        """Send no more messages there. The owner sees that an administrator did it."""
        self.do_each(
            request,
            queryset,
            lambda webhook: services.switch_discord_webhook(
                webhook_id=webhook.pk, on=False, reason=services.BY_ADMINISTRATOR
            ),
            done="Switched off",
        )

    @admin.action(description="Send a test message", permissions=["switch"])
    def try_it(self, request: HttpRequest, queryset: QuerySet[DiscordWebhook]) -> None:
        """Post a test message to each and show what Discord answered."""
        if queryset.count() > MAX_TRIED_AT_ONCE:
            self.message_user(
                request,
                f"At most {MAX_TRIED_AT_ONCE} can be tried at once.",
                messages.ERROR,
            )
            return

        def try_one(webhook: DiscordWebhook) -> None:
            trial = services.try_discord_webhook(user=webhook.user)
            level = messages.SUCCESS if trial.is_ok else messages.WARNING
            self.message_user(request, f"{webhook.user}: {trial.summary}", level)

        self.do_each(request, queryset, try_one, done="Tried")
