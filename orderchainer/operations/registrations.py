"""What belongs to no single app: the paths under which whole surfaces live."""

from orderchainer.core.http.surfaces import CHAIN, HUB, register_prefixes

# Where no app has a path of its own, the chain answers, and under its version the hub.
register_prefixes(CHAIN, "/api")
register_prefixes(HUB, "/api/v1")
