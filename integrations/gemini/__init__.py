"""Google's Gemini, for the assistant."""
