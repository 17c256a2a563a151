"""What notifications serve over HTTP."""
