"""How the surfaces appear in the OpenAPI document."""

from drf_spectacular.openapi import AutoSchema


class SurfaceAutoSchema(AutoSchema):
    """One tag group per surface."""
