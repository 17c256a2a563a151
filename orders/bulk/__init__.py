"""Changes of many orders at once: asking for them, and working on them."""
