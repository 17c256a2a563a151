"""E-mails on their way: what `services.emails` asks for is composed and sent here, by a worker."""
