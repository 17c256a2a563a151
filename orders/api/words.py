"""What the schema says of the fields that more than one surface has, under the same rules."""

# What callers set.
DEPENDENCIES = "The ids of all orders that this one waits for."
AUTO_ACTIVATE = "Become active as soon as the order is pending and waits for nothing."
FAILURE_POLICY = "What to do when a dependency fails or is cancelled."
WHOLE_TOTAL = "With no more decimals than the currency has. With `items`, their sum."
CURRENCY = "ISO 4217. A new order begins with the project's."
WAIVED_DEPENDENCY = "The id of an order that this one depends on."
REASON = "Why the order need not wait. Everybody who sees the order can read it."

# Chains.
READY = "Whether no dependency blocks it."
EDGE_WAIVED = "Whether `order` no longer waits for it, whatever becomes of it."
CRITICAL_PATH = "The longest path through unfinished orders, counted in orders."
CHAIN_TRUNCATED = "Whether the chain has more orders than this answer."
EDGES_TRUNCATED = (
    "Whether the chain has more edges than this answer. It then has the edges to the newest "
    "dependencies of each order, and `blockers`, `topological_order` and `critical_path` take only "
    "these into account. `ready` is right in any case."
)

# Blockers.
SINCE = "When its status last changed."
DIRECT_BLOCKERS = "The orders that it waits for directly."
ROOT_BLOCKERS = "The orders at the root: they block others and wait for none."
WAIVED = "The dependencies that it no longer waits for."
WAIVED_BY = "Who waived it; null if the failure policy did."
BLOCKERS_TRUNCATED = "Whether more orders block it than this answer shows."
