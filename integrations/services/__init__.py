"""Every write to integrations: one public function per thing that a user or the system can do."""
