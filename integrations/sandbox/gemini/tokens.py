"""Token counts: a token for every four characters, so that a test can know them beforehand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.sandbox.gemini.conversation import Asked, Said

THINKING: Mapping[str, int] = {"minimal": 0, "low": 8, "medium": 32, "high": 128}


@dataclass(frozen=True)
class Counts:
    """The tokens of one request and its answer."""

    prompt: int
    answer: int
    thoughts: int
    cached: int = 0

    @property
    def total(self) -> int:
        """All of them. What came from a cache is part of the prompt."""
        return self.prompt + self.answer + self.thoughts


def tokens_of(text: str) -> int:
    """Return the number of tokens of a text, rounded up."""
    return -(-len(text) // 4)


def tokens_asked(asked: Asked) -> int:
    """Return the tokens of instruction, history and declarations."""
    total = tokens_of(asked.instruction)
    for turn in asked.turns:
        total += tokens_of(turn.text)
        total += sum(tokens_of(each.name + _written(each.args)) for each in turn.calls)
        total += sum(tokens_of(each.name + _written(each.response)) for each in turn.results)
    for each in asked.functions.values():
        total += tokens_of(each.name + each.description + _written(each.parameters))
    return total


def tokens_said(said: Said) -> int:
    """Return the tokens of an answer."""
    calls = sum(tokens_of(each.name + _written(each.args)) for each in said.calls)
    return tokens_of(said.text) + calls


def within_bounds(asked: Asked, said: Said) -> tuple[Said, Counts]:
    """Cut an answer at the bound of the request, and count.

    Thinking counts against the bound. If nothing is left after it, the answer is empty.
    """
    prompt = tokens_asked(asked)
    thoughts = min(THINKING[asked.thinking or "medium"], asked.max_tokens)
    left = asked.max_tokens - thoughts
    if tokens_said(said) <= left:
        return said, Counts(prompt, tokens_said(said), thoughts)
    text = "" if said.calls else said.text[: left * 4]
    return Said(text, finish="MAX_TOKENS"), Counts(prompt, tokens_of(text), thoughts)


def _written(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
