"""Who is calling: from a bearer token to a user whose session is open."""

from rest_framework_simplejwt.authentication import JWTAuthentication


class SessionJWTAuthentication(JWTAuthentication):
    """Believe an access token only while its session is open."""
