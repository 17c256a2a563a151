"""Calls to `/auth/api/profile/`, and what they leave behind."""

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import Profile, User

PATH = "/auth/api/profile/"


def change(client: APIClient, **body: Any) -> Any:
    """Send a change as JSON."""
    return client.patch(PATH, body, format="json")


def upload(client: APIClient, content: bytes, name: str = "me.png", **texts: Any) -> Any:
    """Send a file as the avatar, in a form with other fields."""
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return client.patch(PATH, {"avatar": file, **texts}, format="multipart")


def files(directory: Path) -> set[str]:
    """Return the names of the files that are kept."""
    return {file.name for file in directory.rglob("*") if not file.is_dir()}


def avatar_of(user: User) -> str:
    """Return the stored name of the user's picture."""
    return str(Profile.objects.get(user=user).avatar.name)
