"""`/api/v1/reports`: a project's reports, for the people who run it."""
