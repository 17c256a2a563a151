"""How the service runs: its server, and the worker and beat that the embedded mode holds."""
