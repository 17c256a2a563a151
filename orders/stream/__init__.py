"""The stream of events: recording, positions, relaying, deliveries and their subscribers."""
