"""The pages behind the links that our e-mails carry. Forms of HTML: they work in every mail client's browser."""
