"""WhatsApp: the messages of customers through the Business Cloud API of Meta."""
