"""Emulated providers on loopback, for tests and demonstrations without the internet.

    python -m integrations.sandbox --port 8400

An emulator is as strict as the real service: it refuses what the service refuses, with the same
errors. It uses only the standard library and imports nothing of OrderChainer.
"""
