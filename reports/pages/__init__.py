"""The page behind the links in e-mails with reports."""
