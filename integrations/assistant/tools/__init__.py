"""The tools that the assistant gives to a model, one module for each."""

from collections.abc import Sequence

from integrations.assistant.contracts import Tool
from integrations.assistant.tools import (
    fetch_order_details,
    find_customer,
    find_products,
    list_orders,
    order_chain,
    order_statistics,
    propose_message,
    propose_move,
    search_messages,
)

# In the order in which the model sees them.
TOOLS: Sequence[Tool] = (
    fetch_order_details.TOOL,
    order_chain.TOOL,
    list_orders.TOOL,
    order_statistics.TOOL,
    search_messages.TOOL,
    find_customer.TOOL,
    find_products.TOOL,
    propose_move.TOOL,
    propose_message.TOOL,
)
