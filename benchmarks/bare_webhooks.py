"""The floor of a webhook: one signature, one query and one insert, without a framework.

It decrypts nothing, refuses nobody, logs nothing and wakes no worker.
"""

import hashlib
import hmac
import os
import uuid
from collections.abc import Iterable
from typing import Any

import orjson

from benchmarks.bare import Database, StartResponse, connect

NOW = "CURRENT_TIMESTAMP"
FIND = """
    SELECT i.id FROM integrations_integration i
    JOIN accounts_project p ON p.id = i.project_id
    WHERE i.provider = 'whatsapp' AND i.account = %s AND i.status <> 'disconnected' AND p.is_active
"""
STORE = f"""
    INSERT INTO integrations_inbounddelivery (
        uuid, integration_id, state, topic, key, second_key, about, headers, body, attempts,
        next_attempt_at, last_error, created_at, asked_at
    ) VALUES (%s, %s, 'pending', 'messages', %s, '', '', '{{}}', %s, 0, {NOW}, '', {NOW}, {NOW})
    ON CONFLICT DO NOTHING RETURNING id
"""


class BareWebhooks:
    """POST to any path; any other request returns the number of integrations."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            length = int(environ["CONTENT_LENGTH"])
            status = self.receive(
                environ["wsgi.input"].read(length), environ["HTTP_X_HUB_SIGNATURE_256"]
            )
        else:
            self.database.run("SELECT count(*) FROM integrations_integration")
            status = "200 OK"
        start_response(status, [("Content-Length", "0")])
        return [b""]

    def receive(self, body: bytes, signature: str) -> str:
        """Verify a call and store it."""
        payload = orjson.loads(body)
        value = payload["entry"][0]["changes"][0]["value"]
        rows = self.database.run(FIND, [value["metadata"]["phone_number_id"]])
        expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        if not rows or not hmac.compare_digest(f"sha256={expected}", signature):
            return "401 Unauthorized"
        key = hashlib.sha256(body).hexdigest()
        self.database.run(STORE, [uuid.uuid4().hex, rows[0][0], key, body])
        return "200 OK"


SECRET = b"the secret of the benchmark's app"


def application() -> BareWebhooks:
    """Return the application for a server: `benchmarks.bare_webhooks:application()`."""
    return BareWebhooks(connect(os.environ["DATABASE_URL"]))
