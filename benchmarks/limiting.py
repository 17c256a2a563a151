"""The cost of rate limits: the same requests with limits on and off."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.client import request_of
from benchmarks.seeding import Account
from benchmarks.serving import serving
from benchmarks.table import Row, in_pairs

# High enough that nothing reaches it.
RATE = "1000000000/m"


def limiting(directory: Path, reader: Account, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure reading single orders, a hundred in turn.

    The columns of the floor show the service without limits here.
    """
    ids = reader.order_ids[:100]
    requests = [request_of("GET", f"/api/orders/{pk}", reader.token) for pk in ids]
    application = "orderchainer.wsgi:application"
    with (
        serving(application, directory, "/healthz", RATE_LIMIT_STANDARD=RATE) as counting,
        serving(application, directory, "/healthz") as other,
    ):
        for server in (counting, other):
            server.measure(requests, seconds=0.3)
        pairs = in_pairs(
            rounds,
            lambda: counting.measure(requests, seconds=seconds),
            lambda: other.measure(requests, seconds=seconds),
        )
    yield Row(
        "get an order, limits on / off",
        pairs.ours,
        pairs.floor,
        pairs.ratio,
        pairs.cpu_ratio,
    )
