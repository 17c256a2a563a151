"""Providers on loopback: what OrderChainer talks to in tests and demonstrations instead of the internet.

    python -m integrations.sandbox --port 8400

An emulator is as strict as the real service: what that refuses is refused here, in its words. It
needs nothing but the standard library and knows nothing of OrderChainer.
"""
