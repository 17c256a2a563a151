"""Discord, by the webhooks that its users make by hand."""
