"""A Redis as durable as PostgreSQL is, for as long as a system is measured on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

DURABLE = {"appendfsync": "always", "auto-aof-rewrite-percentage": "0", "appendonly": "yes"}


@contextmanager
def durable(url: str) -> Iterator[Redis]:
    """Write every change to disk before it is answered; as it was again afterwards."""
    with Redis.from_url(url) as redis:
        before = {name: redis.config_get(name)[name] for name in DURABLE}
        for name, value in DURABLE.items():
            redis.config_set(name, value)
        try:
            yield redis
        finally:
            for name, value in reversed(before.items()):
                redis.config_set(name, value)
