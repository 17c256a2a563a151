"""Count the statements of requests: `python -m benchmarks.control.statements`.

Reads requests as JSON from standard input, each with method, path, token and body, and writes the
number of statements of each.
"""

import sys

import django
import orjson

django.setup()

from django.test import Client  # noqa: E402

from benchmarks.statements import statements_of  # noqa: E402


def count(method: str, path: str, token: str, body: str) -> int:
    """Send one request and return how many statements it took."""
    headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
    client = Client(SERVER_NAME="localhost", **headers)
    with statements_of() as sent:
        answer = client.generic(method, path, body, content_type="application/json")
    if answer.status_code >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.content[:500]!r}")
    return len(sent)


if __name__ == "__main__":
    requests = orjson.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(orjson.dumps([count(*request) for request in requests]))
