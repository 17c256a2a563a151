"""What workers do for reports."""
