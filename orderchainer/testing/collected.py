"""The settings of the service as in production, with static files in a directory of the test."""

import os
from pathlib import Path

from orderchainer.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["TEST_STATIC_ROOT"])
WHITENOISE_USE_FINDERS = False
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "orderchainer.core.staticfiles.ModuleManifestStorage"},
}
