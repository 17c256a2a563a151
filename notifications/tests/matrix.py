"""Example calls for `accounts/tests/test_matrix.py`: the conversations of a project."""

from accounts.tests.matrix import Call
from notifications.access import VIEW_MESSAGES

CALLS = [
    Call("GET", "hub-inbox", VIEW_MESSAGES),
]
