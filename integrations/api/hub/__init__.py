"""`/api/v1/integrations`: a project's connections to providers, for the people who run it."""
