"""Every write to integrations: one public function per thing that a user or the system can do."""

from integrations.services.asking import request_check, request_sync
from integrations.services.connecting import (
    Connected,
    change_integration,
    connect_integration,
    disconnect_integration,
)
from integrations.services.reencrypting import reencrypt_credentials
from integrations.services.replaying import replay_delivery
from integrations.work.progress import keep_progress, slice_seconds
from integrations.work.runs import stop_runs
from integrations.work.statuses import report_health, report_trouble

__all__ = [
    "Connected",
    "change_integration",
    "connect_integration",
    "disconnect_integration",
    "keep_progress",
    "reencrypt_credentials",
    "replay_delivery",
    "report_health",
    "report_trouble",
    "request_check",
    "request_sync",
    "slice_seconds",
    "stop_runs",
]
