"""How the service runs: its server, and the worker and beat of the embedded mode."""
