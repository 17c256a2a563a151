"""Keep servers small, and keep what lives as long as they do out of garbage collection."""

import ctypes
import gc
from contextlib import suppress

from django.urls import get_resolver

# The numbers of glibc's options for `mallopt` (malloc.h).
_M_ARENA_MAX = -8
_M_MMAP_THRESHOLD = -3
# How many arenas threads may share.
_ARENAS = 2
# Larger blocks get pages of their own. This is glibc's first value.
_LARGE_BYTES = 128 * 1024


def freeze_what_is_loaded() -> None:
    """Load what the first request would load, and exclude all of it from garbage collection.

    A full collection visits every object, and hundreds of thousands of them are never freed. An
    answer with a few thousand rows triggers several collections, which took as long as the rest of
    the answer.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    _return_what_is_freed()


def _return_what_is_freed() -> None:
    """Have the C library return freed memory to the system, also what threads have freed.

    By default glibc makes up to eight arenas for each core, and what a thread has freed in its own
    is of no use to others: the embedded server kept 15 MB that way. Because of Python's lock,
    threads rarely allocate at the same time.

    And when glibc frees a large block, it allocates further blocks of this size among the small
    ones, where they leave gaps. Naming the size ourselves prevents that, and keeps 2 MB less in a
    web process.
    """
    # Other C libraries have no such function.
    with suppress(AttributeError, OSError):
        options = ctypes.CDLL(None).mallopt
        options(_M_ARENA_MAX, _ARENAS)
        options(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        # Making the tables at a first start leaves 12 MB that nobody uses any more.
        ctypes.CDLL(None).malloc_trim(0)
