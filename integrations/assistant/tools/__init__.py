"""The tools that the assistant gives to a model, one module for each."""

from collections.abc import Sequence

from integrations.assistant.contracts import Tool

# In the order in which the model sees them.
TOOLS: Sequence[Tool] = ()
