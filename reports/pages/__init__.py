"""Today, reports in the workspace, and the page behind the links in e-mails with reports."""
