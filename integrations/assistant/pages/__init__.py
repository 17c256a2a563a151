"""What the assistant puts on pages of other apps."""
