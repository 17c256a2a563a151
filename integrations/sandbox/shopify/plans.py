"""From a client's document to a checked plan: fields, arguments and variables against the schema.

What the real service refuses is refused here with the same code in `extensions`.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from integrations.sandbox.shopify.graphql import (
    Document,
    EnumValue,
    Field,
    Inline,
    Operation,
    Selection,
    Spread,
    TypeName,
    Unreadable,
    Value,
    Variable,
    read_document,
)
from integrations.sandbox.shopify.schema import ENUMS, INPUTS, NODES, OBJECTS, FieldType

MAX_PAGE = 250


class Refused(Exception):
    """A GraphQL error: one entry of `errors`."""

    def __init__(
        self,
        message: str,
        code: str,
        *,
        at: tuple[int, int] | None = None,
        path: Sequence[str | int] = (),
        **extensions: Any,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.at = at
        self.path = list(path)
        self.extensions = extensions

    def entry(self) -> dict[str, Any]:
        """Return the error as it stands in the answer."""
        entry: dict[str, Any] = {"message": str(self)}
        if self.at:
            entry["locations"] = [{"line": self.at[0], "column": self.at[1]}]
        if self.path:
            entry["path"] = self.path
        return {**entry, "extensions": {"code": self.code, **self.extensions}}


@dataclass(eq=False)
class Step:
    """One field to answer. `only_on` names the type that an inline fragment asks for."""

    key: str
    parent: str
    field: FieldType
    arguments: Mapping[str, Value]
    steps: Sequence["Step"]
    at: tuple[int, int]
    only_on: str = ""
    # A scalar that takes no arguments, as most fields are.
    is_plain: bool = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        is_scalar = self.field.type.name not in OBJECTS and self.field.name != "__typename"
        self.is_plain = is_scalar and not self.arguments


@dataclass(frozen=True)
class Plan:
    """A checked operation."""

    kind: str
    variables: Mapping[str, TypeName]
    defaults: Mapping[str, Value]
    steps: Sequence[Step]
    errors: Sequence[Refused] = ()


@lru_cache(maxsize=200)
def plan_for(text: str, operation_name: str | None) -> Plan:
    """Check a document and return what to do. The errors are in the plan."""
    try:
        document = read_document(text)
        operation = _chosen(document, operation_name)
    except Unreadable as exc:
        refused = Refused(str(exc), "PARSE_ERROR", at=(exc.line, exc.column))
        return Plan("query", {}, {}, [], [refused])
    except Refused as exc:
        return Plan("query", {}, {}, [], [exc])
    planner = _Planner(document, operation)
    steps = planner.steps()
    return Plan(operation.kind, operation.variables, operation.defaults, steps, planner.errors)


def _chosen(document: Document, name: str | None) -> Operation:
    if name:
        for operation in document.operations:
            if operation.name == name:
                return operation
        raise Refused(f'No operation named "{name}"', "operationNotFound")
    if len(document.operations) > 1:
        raise Refused("An operation name is required", "missingOperationName")
    return document.operations[0]


class _Planner:
    def __init__(self, document: Document, operation: Operation) -> None:
        self._document = document
        self._operation = operation
        self._used: set[str] = set()
        # The fragments that we are inside of.
        self._open: list[str] = []
        self.errors: list[Refused] = []

    def steps(self) -> Sequence[Step]:
        root = {"query": "QueryRoot", "mutation": "Mutation"}.get(self._operation.kind)
        if root is None:
            self.errors.append(
                Refused("Schema is not configured for subscriptions", "missingSubscription")
            )
            return []
        path = [f"{self._operation.kind} {self._operation.name}".strip()]
        steps = list(self._each(root, self._operation.selections, path))
        for name in set(self._operation.variables) - self._used:
            self.errors.append(
                Refused(
                    f"Variable ${name} is declared by {self._whose} but not used",
                    "variableNotUsed",
                    path=path,
                    variableName=name,
                )
            )
        return steps

    @property
    def _whose(self) -> str:
        return self._operation.name or f"anonymous {self._operation.kind}"

    def _each(
        self, parent: str, selections: Sequence[Selection], path: Sequence[str]
    ) -> Iterator[Step]:
        for selection in selections:
            match selection:
                case Field():
                    step = self._step(parent, selection, path)
                    if step:
                        yield step
                case Inline(type_name=type_name):
                    yield from self._inline(parent, selection, type_name, path)
                case Spread():
                    yield from self._spread(parent, selection, path)

    def _spread(self, parent: str, spread: Spread, path: Sequence[str]) -> Iterator[Step]:
        fragment, at = self._document.fragments.get(spread.name), (spread.line, spread.column)
        if fragment is None:
            message = f"Fragment {spread.name} was used, but not defined"
            self.errors.append(Refused(message, "useAndDefineFragment", at=at, path=path))
        elif spread.name in self._open:
            message = f"Fragment {spread.name} contains an infinite loop"
            self.errors.append(Refused(message, "infiniteLoop", at=at, path=path))
        else:
            self._open.append(spread.name)
            yield from self._inline(parent, fragment, fragment.type_name, path)
            self._open.pop()

    def _inline(
        self, parent: str, inline: Inline, type_name: str, path: Sequence[str]
    ) -> Iterator[Step]:
        type_name = type_name or parent
        if type_name not in OBJECTS:
            message = f"No such type {type_name}, so it can't be a fragment condition"
            self.errors.append(Refused(message, "undefinedType", path=path, typeName=type_name))
            return
        if type_name != parent and not (parent == "Node" and type_name in NODES):
            message = f"Fragment on {type_name} can't be spread inside {parent}"
            self.errors.append(Refused(message, "cannotSpreadFragment", path=path))
            return
        for step in self._each(type_name, inline.selections, path):
            if type_name != parent:
                step.only_on = type_name
            yield step

    def _step(self, parent: str, wanted: Field, path: Sequence[str]) -> Step | None:
        at, here = (wanted.line, wanted.column), [*path, wanted.key]
        if wanted.name == "__typename":
            typename = FieldType("__typename", TypeName("String", is_required=True), {})
            return Step(wanted.key, parent, typename, {}, [], at)
        found = OBJECTS[parent].get(wanted.name)
        if found is None:
            message = f"Field '{wanted.name}' doesn't exist on type '{parent}'"
            self.errors.append(
                Refused(
                    message,
                    "undefinedField",
                    at=at,
                    path=here,
                    typeName=parent,
                    fieldName=wanted.name,
                )
            )
            return None
        self._check_arguments(found, wanted, at, here)
        is_object = found.type.name in OBJECTS
        if is_object != bool(wanted.selections):
            self.errors.append(_mismatch(found, wanted, at, here))
            return None
        steps = list(self._each(found.type.name, wanted.selections, here)) if is_object else []
        return Step(wanted.key, parent, found, wanted.arguments, steps, at)

    def _check_arguments(
        self, found: FieldType, wanted: Field, at: tuple[int, int], path: Sequence[str]
    ) -> None:
        def refuse(message: str, code: str, **extensions: Any) -> None:
            self.errors.append(Refused(message, code, at=at, path=path, **extensions))

        for name, value in wanted.arguments.items():
            type_ = found.arguments.get(name)
            if type_ is None:
                refuse(
                    f"Field '{wanted.name}' doesn't accept argument '{name}'",
                    "argumentNotAccepted",
                    name=wanted.name,
                    typeName="Field",
                    argumentName=name,
                )
                continue
            problem = self._problem_of(value, type_)
            if problem:
                refuse(
                    f"Argument '{name}' on Field '{wanted.name}' {problem[0]}",
                    problem[1],
                    argumentName=name,
                )
        missing = [
            name
            for name, type_ in found.arguments.items()
            if type_.is_required and wanted.arguments.get(name) is None
        ]
        if missing:
            refuse(
                f"Field '{wanted.name}' is missing required arguments: {', '.join(missing)}",
                "missingRequiredArguments",
                arguments=", ".join(missing),
            )

    def _problem_of(self, value: Value, type_: TypeName) -> tuple[str, str] | None:
        """Return what is wrong with a written argument, and the code; None if it is fine."""
        if isinstance(value, Variable):
            self._used.add(value.name)
            declared = self._operation.variables.get(value.name)
            if declared is None:
                return (
                    f"uses ${value.name}, which {self._whose} does not declare",
                    "variableNotDefined",
                )
            has_default = value.name in self._operation.defaults
            if not _fits(declared, type_, has_default):
                return (
                    f"has type {type_}, and ${value.name} has type {declared}",
                    "variableMismatch",
                )
            return None
        if isinstance(value, list) and type_.is_list:
            inner = TypeName(type_.name, is_required=type_.has_required_items)
            return next(filter(None, (self._problem_of(each, inner) for each in value)), None)
        if isinstance(value, dict) and type_.name in INPUTS:
            return self._problem_of_input(value, type_)
        try:
            coerced(value, type_, is_literal=True)
        except ValueError:
            return f"has an invalid value. Expected type '{type_}'.", "argumentLiteralsIncompatible"
        return None

    def _problem_of_input(self, value: dict[str, Value], type_: TypeName) -> tuple[str, str] | None:
        members = INPUTS[type_.name]
        for name, each in value.items():
            if name not in members:
                return (
                    f"has the unknown key '{name}'. Expected type '{type_}'.",
                    "argumentLiteralsIncompatible",
                )
            problem = self._problem_of(each, members[name].type)
            if problem:
                return problem
        return None


def _mismatch(found: FieldType, wanted: Field, at: tuple[int, int], path: Sequence[str]) -> Refused:
    if wanted.selections:
        message = (
            f"Selections can't be made on scalars "
            f"(field '{wanted.name}' returns {found.type.name} but has selections)"
        )
    else:
        message = (
            f"Field must have selections (field '{wanted.name}' returns {found.type.name} but "
            f"has no selections. Did you mean '{wanted.name} {{ ... }}'?)"
        )
    return Refused(message, "selectionMismatch", at=at, path=path)


def _fits(declared: TypeName, wanted: TypeName, has_default: bool) -> bool:
    if declared.name != wanted.name or (declared.is_list and not wanted.is_list):
        return False
    return declared.is_required or not wanted.is_required or has_default


# --- Values ------------------------------------------------------------------------------------


def variables_of(plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the variables that came with a plan, and add defaults. Raises Refused."""
    values: dict[str, Any] = {}
    for name, type_ in plan.variables.items():
        value = given.get(name, plan.defaults.get(name))
        try:
            if value is None and type_.is_required:
                raise ValueError("Expected value to not be null")
            values[name] = coerced(value, type_)
        except ValueError as exc:
            raise Refused(
                f"Variable ${name} of type {type_} was provided invalid value",
                "INVALID_VARIABLE",
                value=value,
                problems=[{"path": [], "explanation": str(exc)}],
            ) from exc
    return values


def arguments_of(step: Step, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a field with the values of its variables."""
    return {
        name: _filled(value, variables)
        for name, value in step.arguments.items()
        if not (isinstance(value, Variable) and value.name not in variables)
    }


def _filled(value: Value, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, variables) for name, each in value.items()}
    return value


def coerced(value: Any, type_: TypeName, *, is_literal: bool = False) -> Any:
    """Return `value` as its type wants it. Raises ValueError."""
    if value is None:
        if type_.is_required:
            raise ValueError("Expected value to not be null")
        return None
    if type_.is_list:
        inner = TypeName(type_.name, is_required=type_.has_required_items)
        items = value if isinstance(value, list) else [value]
        return [coerced(each, inner, is_literal=is_literal) for each in items]
    if type_.name in INPUTS:
        return _coerced_input(value, type_)
    if type_.name in ENUMS:
        is_word = isinstance(value, EnumValue) if is_literal else isinstance(value, str)
        if not is_word or value not in ENUMS[type_.name]:
            raise ValueError(f'Expected "{value}" to be one of: {", ".join(ENUMS[type_.name])}')
        return str(value)
    return _coerced_scalar(value, type_.name)


def _coerced_input(value: Any, type_: TypeName) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("Expected an object")
    members = INPUTS[type_.name]
    for name in value:
        if name not in members:
            raise ValueError(f"Field is not defined on {type_.name}: {name}")
    return {name: coerced(each, members[name].type) for name, each in value.items()}


def _coerced_scalar(value: Any, name: str) -> Any:
    kinds: Mapping[str, tuple[type, ...]] = {
        "Int": (int,),
        "Boolean": (bool,),
        "ID": (str, int),
    }
    wanted = kinds.get(name, (str,))
    is_odd = isinstance(value, EnumValue) or (isinstance(value, bool) and name != "Boolean")
    if is_odd or not isinstance(value, wanted):
        raise ValueError(f"Could not coerce value {value!r} to {name}")
    if name == "ID" and not str(value).startswith("gid://"):
        raise ValueError(f"Invalid global id '{value}'")
    return value
