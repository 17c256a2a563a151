"""Integrations in the browser: what is connected and how well it works, connecting, changing.

A page asks services and queries, and waits for no provider: workers ask them. It names no provider,
because the registry does. It never opens a secret: `Integration.config` has what people may see.
"""
