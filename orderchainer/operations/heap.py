"""What lives as long as the process, kept out of the garbage collector's way."""

import gc

from django.urls import get_resolver


def freeze_what_is_loaded() -> None:
    """Load what the first request would load, and let the collector look at none of it again.

    A full collection walks every object that there is: hundreds of thousands that are never freed. One
    answer of a few thousand rows sets off several, which took as long as all the rest of it.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
