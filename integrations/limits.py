"""The rate limits of integrations."""

from orderchainer.core.limits.rates import Limit, register_limit

AI = register_limit(Limit("ai", "RATE_LIMIT_AI"))
# Only calls that nothing signs are counted, by address.
WEBHOOKS = register_limit(Limit("webhooks", "RATE_LIMIT_WEBHOOKS"))
