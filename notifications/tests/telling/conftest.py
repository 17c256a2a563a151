"""What tests of telling customers share."""

import pytest

from accounts.models import User
from orders.models import Order
from orders.tests.factories import make_order


@pytest.fixture
def order(agent: User) -> Order:
    """Return an active order of somebody whom only a phone number names."""
    return make_order(agent, title="Lamp", customer_phone="+1 (650) 555-1234", status="active")
