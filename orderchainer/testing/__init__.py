"""What tests of every app share. Nothing here is imported by the service."""
