"""Every write to conversations: one public function per thing that a user or the system can do."""

from notifications.services.receiving import receive_edit, receive_message

__all__ = ["receive_edit", "receive_message"]
