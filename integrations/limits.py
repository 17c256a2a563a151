"""The rate limits of integrations."""

from orderchainer.core.limits.rates import Limit, register_limit

AI = register_limit(Limit("ai", "RATE_LIMIT_AI"))
