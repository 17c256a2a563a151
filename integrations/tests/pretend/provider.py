"""What the app needs to know about the pretend provider; a test sets it."""

from integrations.providers import Provider

PROVIDER = Provider(name="pretend")
