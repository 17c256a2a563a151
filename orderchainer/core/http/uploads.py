"""Pictures in request bodies."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orderchainer.core.pictures import Picture, PictureRefused, read_picture


@extend_schema_field(OpenApiTypes.BINARY)
class PictureField(serializers.Field[Any, Any, Any, Any]):
    """A file in a form, read as a `Picture`. Null or an empty text is None, which removes the
    picture.

    Reading decodes it, which takes time, so no transaction should be open. The picture is scaled to
    fit into a square of `longest_side` pixels.
    """

    def __init__(self, *, longest_side: int = 512, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)
        self._longest_side = longest_side

    def to_internal_value(self, data: Any) -> Picture | None:
        """Return the picture. Raises ValidationError that says what is accepted."""
        if data == "":
            return None
        if not isinstance(data, UploadedFile):
            raise serializers.ValidationError("Send the picture as a file, in multipart/form-data.")
        try:
            return read_picture(data.read(), longest_side=self._longest_side)
        except PictureRefused as exc:
            raise serializers.ValidationError(str(exc)) from exc
