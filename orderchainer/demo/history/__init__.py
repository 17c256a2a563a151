"""A year of orders, chains and conversations for the demo, so that reports have something to tell.

The rows are made up, the same for everybody but for the dates, and written in bulk. Nobody is told
of them. They are in a project of their own.
"""

from orderchainer.demo.history.loading import NAME, load_history

__all__ = ["NAME", "load_history"]
