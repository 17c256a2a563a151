"""What workers do for conversations: send, fetch files, match reports, wake what was snoozed."""
