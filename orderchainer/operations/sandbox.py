"""The sandbox beside the service: pretend providers for a first look (`SANDBOX=on`)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from orderchainer.operations.server import ListenError


@contextmanager
def sandbox_beside() -> Iterator[None]:
    """Play the providers in threads of this process if SANDBOX is on, until the block ends.

    Raises `ListenError` if it cannot listen.
    """
    if not settings.SANDBOX:
        yield
        return
    # Only here, because a service with real providers needs none of the pretend ones.
    from integrations.sandbox.emulators import EMULATORS
    from integrations.sandbox.server import Sandbox

    host, _, port = settings.SANDBOX_HOST.partition(":")
    try:
        sandbox = Sandbox(*(make() for make in EMULATORS), host=host, port=int(port))
    except OSError as exc:
        raise ListenError(f"{settings.SANDBOX_HOST} for the sandbox: {exc.strerror}") from exc
    with sandbox:
        yield
