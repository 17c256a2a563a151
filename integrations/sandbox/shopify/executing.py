"""The execution of a checked plan: each field asks its resolver, and a null rises to its parent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from integrations.sandbox.shopify.costs import Tally
from integrations.sandbox.shopify.plans import Plan, Refused, Step, arguments_of
from integrations.sandbox.shopify.schema import OBJECTS
from integrations.sandbox.shopify.shop import Shop

Arguments = Mapping[str, Any]
# What a field answers, from the object that it belongs to.
Resolver = Callable[[Any, Arguments, "Execution"], Any]
Resolvers = Mapping[str, Mapping[str, Resolver]]

_NO_ARGUMENTS: Arguments = {}


class NullHere(Exception):
    """A required field is null, so its parent becomes null too."""


@dataclass
class Execution:
    """One request that is being answered. `base` is where the client reached the shop."""

    shop: Shop
    resolvers: Resolvers
    variables: Mapping[str, Any]
    version: str
    base: str
    # A bulk operation pages through everything and costs nothing.
    is_bulk: bool = False
    errors: list[Refused] = field(default_factory=list)
    searches: list[dict[str, Any]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    path: list[str | int] = field(default_factory=list)

    def run(self, plan: Plan) -> dict[str, Any] | None:
        """Return the data; the errors are in `errors`."""
        root = "QueryRoot" if plan.kind == "query" else "Mutation"
        try:
            return self._object(root, self.shop, plan.steps)
        except NullHere:
            return None

    def in_bulk(self) -> "Execution":
        """Return another execution, for the query of a bulk operation."""
        return replace(
            self, variables={}, is_bulk=True, errors=[], searches=[], tally=Tally(), path=[]
        )

    def _object(self, type_name: str, source: Any, steps: Sequence[Step]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        resolvers = self.resolvers.get(type_name, self.resolvers[""])
        for step in steps:
            if step.only_on and step.only_on != type_name:
                continue
            name = step.field.name
            if step.is_plain:
                # The quick way for most fields. If a field refuses, we ask it again the long way,
                # which keeps the error.
                try:
                    found[step.key] = resolvers[name](source, _NO_ARGUMENTS, self)
                    continue
                except Refused:
                    pass
            if name == "__typename":
                found[step.key] = type_name
                continue
            self.path.append(step.key)
            found[step.key] = self._field(step, source, resolvers[name])
            self.path.pop()
        return found

    def _field(self, step: Step, source: Any, resolver: Resolver) -> Any:
        depth = len(self.path)
        try:
            return self._completed(step, resolver(source, self._arguments(step), self))
        except Refused as exc:
            del self.path[depth:]
            exc.path = exc.path or list(self.path)
            exc.at = exc.at or step.at
            self.errors.append(exc)
        except NullHere:
            del self.path[depth:]
        if step.field.type.is_required:
            raise NullHere
        return None

    def _arguments(self, step: Step) -> Arguments:
        return arguments_of(step, self.variables) if step.arguments else _NO_ARGUMENTS

    def _completed(self, step: Step, value: Any) -> Any:
        name = step.field.type.name
        if name not in OBJECTS:
            return value
        if value is None:
            self.tally.count(step, 0)
            return None
        if step.field.type.is_list:
            self.tally.count(step, len(value))
            return [self._item(name, each, number, step) for number, each in enumerate(value)]
        self.tally.count(step, len(value.nodes) if step.field.is_connection else 1)
        # Only `node` has an abstract type. The id of an object names its own type.
        concrete = value.gid.split("/")[3] if name == "Node" else name
        return self._object(concrete, value, step.steps)

    def _item(self, name: str, value: Any, number: int, step: Step) -> dict[str, Any]:
        self.path.append(number)
        found = self._object(name, value, step.steps)
        self.path.pop()
        return found
