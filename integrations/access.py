"""What members of a project may do with its integrations."""

from accounts.access import AGENTS, EVERYBODY, MANAGERS, changing, viewing

VIEW_INTEGRATIONS = viewing("view_integrations", EVERYBODY, model="integrations.integration")
SYNC_INTEGRATIONS = changing(
    "sync_integrations", AGENTS, staff_permission="integrations.change_integration"
)
MANAGE_INTEGRATIONS = changing(
    "manage_integrations", MANAGERS, staff_permission="integrations.change_integration"
)
