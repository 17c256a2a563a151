"""Exclude objects that live as long as the process from garbage collection."""

import gc

from django.urls import get_resolver


def freeze_what_is_loaded() -> None:
    """Load what the first request would load, and exclude all of it from garbage collection.

    A full collection visits every object, and hundreds of thousands of them are never freed. An
    answer with a few thousand rows triggers several collections, which took as long as the rest of
    the answer.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
