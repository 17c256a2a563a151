"""HTTP sessions that use our own connection classes, with or without a proxy."""

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

Pools = Mapping[str, type[HTTPConnectionPool]]


def pools_of(plain: type[HTTPConnection], secure: type[HTTPSConnection]) -> Pools:
    """Return pool classes, by scheme, that make their connections with these classes."""

    class Pool(HTTPConnectionPool):
        ConnectionCls = plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = secure

    return {"http": Pool, "https": SecurePool}


def session_of(pools: Pools) -> requests.Session:
    """Return a new session with pools of these classes."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pools))
    return session


class _Adapter(HTTPAdapter):
    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager
