"""The rate limits of integrations."""

from orderchainer.core.limits.rates import Limit, register_limit

AI = register_limit(Limit("ai", "RATE_LIMIT_AI"))
# Only calls without a valid signature are counted, by address.
WEBHOOKS = register_limit(Limit("webhooks", "RATE_LIMIT_WEBHOOKS"))
