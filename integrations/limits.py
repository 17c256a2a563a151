"""Limits on what the services of others do for us."""

from orderchainer.core.limits.rates import Limit, register_limit

AI = register_limit(Limit("ai", "RATE_LIMIT_AI"))
