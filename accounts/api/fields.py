"""Reading what people sign in with, as every surface reads it."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from orderchainer.core.http.fields import StrictCharField


@extend_schema_field(OpenApiTypes.EMAIL)
class EmailTextField(StrictCharField):
    """An e-mail whose form is judged by the service, together with the password, in one answer."""

    default_error_messages: ClassVar = {"invalid": "Invalid email address"}

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and "\x00" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.PASSWORD)
class PasswordField(StrictCharField):
    """A password, taken as it is: spaces at its ends belong to it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, write_only=True, **kwargs)
