"""What all integrations share of the APIs."""
