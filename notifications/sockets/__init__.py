"""Pushing events to people over WebSocket."""
