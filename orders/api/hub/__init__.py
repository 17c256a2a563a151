"""The orders of a project as the hub document has them: `/api/v1/orders/{project_id}`."""
