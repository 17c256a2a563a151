"""Discord, through webhooks that users create in Discord themselves."""
