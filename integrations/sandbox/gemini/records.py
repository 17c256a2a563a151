"""What was asked and answered, for people and for tests."""

from dataclasses import dataclass
from typing import Any

from integrations.sandbox.gemini.conversation import Asked, Said
from integrations.sandbox.gemini.tokens import Counts


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it. `said` is a text for an error. `at` is a Unix time."""

    asked: Asked
    said: Said | str
    counts: Counts | None
    at: float

    @property
    def shown(self) -> dict[str, Any]:
        """The exchange as JSON."""
        said = self.said
        calls = [] if isinstance(said, str) else said.calls
        return {
            "model": self.asked.model,
            "question": self.asked.question,
            "functions": sorted(self.asked.functions),
            "results": [
                {"name": each.name, "response": each.response} for each in self.asked.results
            ],
            "text": said if isinstance(said, str) else said.text,
            "calls": [{"name": each.name, "args": each.args} for each in calls],
            "is_error": isinstance(said, str),
            "tokens": self.counts.total if self.counts else 0,
            "at": self.at,
        }
