"""Telegram: the messages of customers to a bot."""
