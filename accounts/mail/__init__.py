"""Write and send the e-mails that `services.emails` queues. Runs in a worker."""
