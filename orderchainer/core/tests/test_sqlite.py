"""What our backend for SQLite does differently."""

from django.db.utils import ConnectionHandler


def test_a_new_connection_does_not_ask_the_file_whether_sqlite_knows_json() -> None:
    fresh = ConnectionHandler(
        {"default": {"ENGINE": "orderchainer.core.db.sqlite", "NAME": ":memory:"}}
    )["default"]

    assert fresh.features.supports_json_field
    assert fresh.features.has_json_object_function
    # Asking would have opened it, in a transaction of a writer.
    assert fresh.connection is None
