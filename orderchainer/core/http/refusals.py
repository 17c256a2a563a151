"""Keep refusals short: a thousand wrong fields do not get a thousand messages back."""

from collections.abc import Mapping
from typing import Any

# More than any form has fields. Whoever gets that many messages has to start elsewhere.
MAX_MESSAGES = 100
MAX_MESSAGE_LENGTH = 1000
# Of a name that the caller sent.
MAX_NAME_LENGTH = 100
# The field of messages about the body as a whole.
BODY = "body"


def shortened(errors: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tree of messages by field with the first hundred of them.

    A message about the body says how many more there were. Long names and messages are cut.
    """
    return _Shortening().run(errors)


class _Shortening:
    def __init__(self) -> None:
        self.kept = 0
        self.left_out = 0

    def run(self, errors: Mapping[str, Any]) -> dict[str, Any]:
        short: dict[str, Any] = self._of(errors) or {}
        if self.left_out:
            more = f"And {self.left_out} more messages like these."
            about_body = short.get(BODY, [])
            short[BODY] = [*about_body, more] if isinstance(about_body, list) else [more]
        return short

    def _of(self, tree: Any) -> Any:
        """Return a part of the tree; None if nothing of it is kept."""
        if isinstance(tree, Mapping):
            kept = {_cut(str(name), MAX_NAME_LENGTH): self._of(tree[name]) for name in tree}
            return {name: part for name, part in kept.items() if part is not None} or None
        if isinstance(tree, list | tuple):
            return self._of_list(tree)
        if self.kept >= MAX_MESSAGES:
            self.left_out += 1
            return None
        self.kept += 1
        return _cut(tree, MAX_MESSAGE_LENGTH) if isinstance(tree, str) else tree

    def _of_list(self, parts: list[Any] | tuple[Any, ...]) -> list[Any] | None:
        kept: list[Any] = []
        for part in parts:
            # An empty object stands for an item of a list in which nothing is wrong.
            if isinstance(part, Mapping) and not part:
                kept.append({})
            elif (short := self._of(part)) is not None:
                kept.append(short)
            else:
                kept.append({})
        while kept and kept[-1] == {} and self.left_out:
            kept.pop()
        return kept or None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
