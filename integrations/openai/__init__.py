"""Any service that speaks OpenAI's protocol, for the assistant: also a model on your machine."""
