"""What the app needs to know about the scripted models; a test sets it."""

from integrations.providers import Provider

PROVIDER = Provider(name="scripted")
