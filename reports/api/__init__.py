"""What reports have of the APIs."""
