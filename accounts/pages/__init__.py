"""The pages behind the links in our e-mails. Plain HTML forms, which work in any browser."""
