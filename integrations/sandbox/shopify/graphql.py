"""A small reader of GraphQL documents: operations, fields, arguments, variables and fragments.

It reads what clients of an API write and refuses the rest. It knows no schema.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

_TOKEN = re.compile(
    r"""
    (?P<skip>[\s,\ufeff]+ | \#[^\n]*)
  | (?P<block>\"\"\"(?:\\\"\"\"|(?!\"\"\").)*\"\"\")
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
  | (?P<name>[_A-Za-z][_0-9A-Za-z]*)
  | (?P<mark>\.\.\.|[!$()\[\]{}:=@|&])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|(["\\/bfnrt]))')
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Unreadable(Exception):
    """The document is not GraphQL. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Variable:
    """A variable in the place of a value."""

    name: str


class EnumValue(str):
    """A bare word as a value. The same word in quotes is a string and no enum value."""


Value: TypeAlias = bool | int | float | str | Variable | list["Value"] | dict[str, "Value"] | None


@dataclass(frozen=True)
class TypeName:
    """The type of a variable or an argument, for example `[String!]!`."""

    name: str
    is_list: bool = False
    is_required: bool = False
    has_required_items: bool = False

    def __str__(self) -> str:
        inner = f"[{self.name}{'!' * self.has_required_items}]" if self.is_list else self.name
        return inner + "!" * self.is_required


@dataclass(frozen=True)
class Field:
    """One selected field. `key` is its name in the answer."""

    key: str
    name: str
    arguments: Mapping[str, Value]
    selections: Sequence["Selection"]
    line: int
    column: int


@dataclass(frozen=True)
class Inline:
    """`... on Type { … }`; `type_name` is empty for `... { … }`."""

    type_name: str
    selections: Sequence["Selection"]


@dataclass(frozen=True)
class Spread:
    """`...name`, the use of a named fragment."""

    name: str
    line: int
    column: int


Selection = Field | Inline | Spread


@dataclass(frozen=True)
class Operation:
    """A query or a mutation, with the types and the defaults of its variables."""

    kind: str
    name: str
    variables: Mapping[str, TypeName]
    defaults: Mapping[str, Value]
    selections: Sequence[Selection]


@dataclass
class Document:
    """What a client sent: operations, and the fragments that they use."""

    operations: list[Operation] = field(default_factory=list)
    fragments: dict[str, Inline] = field(default_factory=dict)


def read_document(text: str) -> Document:
    """Return what `text` says. Raises Unreadable."""
    return _Reader(text).document()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._scan())
        self._next = 0

    # --- Tokens --------------------------------------------------------------------------------

    def _scan(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                self._fail(f'Expected one of NAME, STRING, actual: "{self._text[at]}"', at)
            if match.lastgroup != "skip":
                yield _Token(match.lastgroup or "", match.group(), at)
            at = match.end()
        yield _Token("end", "end of document", len(self._text))

    def _fail(self, message: str, at: int) -> NoReturn:
        line, column = self._place(at)
        raise Unreadable(f"syntax error, {message} at [{line}, {column}]", line, column)

    def _place(self, at: int) -> tuple[int, int]:
        before = self._text[:at]
        return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, kind: str, text: str = "") -> str:
        token = self._token
        if token.kind != kind or (text and token.text != text):
            self._fail(f'expected {text or kind.upper()}, actual: "{token.text}"', token.at)
        self._next += 1
        return token.text

    def _mark(self, text: str) -> bool:
        """Take this mark if it comes next."""
        if self._token.kind == "mark" and self._token.text == text:
            self._next += 1
            return True
        return False

    # --- Grammar -------------------------------------------------------------------------------

    def document(self) -> Document:
        document = Document()
        while self._token.kind != "end":
            if self._token.text == "fragment":
                self._fragment(document)
            else:
                document.operations.append(self._operation())
        if not document.operations:
            self._fail("unexpected end of document", len(self._text))
        return document

    def _fragment(self, document: Document) -> None:
        self._take("name")
        name = self._take("name")
        self._take("name", "on")
        type_name = self._take("name")
        document.fragments[name] = Inline(type_name, self._selections())

    def _operation(self) -> Operation:
        if self._token.text == "{":
            return Operation("query", "", {}, {}, self._selections())
        kind = self._token.text
        if kind not in ("query", "mutation", "subscription"):
            self._fail(f'unexpected "{kind}"', self._token.at)
        self._take("name")
        name = self._take("name") if self._token.kind == "name" else ""
        types: dict[str, TypeName] = {}
        defaults: dict[str, Value] = {}
        if self._mark("("):
            while not self._mark(")"):
                self._take("mark", "$")
                variable = self._take("name")
                self._take("mark", ":")
                types[variable] = self.type_name()
                if self._mark("="):
                    defaults[variable] = self._value()
        return Operation(kind, name, types, defaults, self._selections())

    def type_name(self) -> TypeName:
        """Read a type, as in `[String!]!`."""
        if self._mark("["):
            name, has_required_items = self._take("name"), self._mark("!")
            self._take("mark", "]")
            return TypeName(name, True, self._mark("!"), has_required_items)
        return TypeName(self._take("name"), is_required=self._mark("!"))

    def _selections(self) -> list[Selection]:
        self._take("mark", "{")
        found = [self._selection()]
        while not self._mark("}"):
            found.append(self._selection())
        return found

    def _selection(self) -> Selection:
        line, column = self._place(self._token.at)
        if self._mark("..."):
            if self._token.kind == "name" and self._token.text != "on":
                return Spread(self._take("name"), line, column)
            type_name = ""
            if self._token.text == "on":
                self._take("name")
                type_name = self._take("name")
            return Inline(type_name, self._selections())
        key = name = self._take("name")
        if self._mark(":"):
            name = self._take("name")
        arguments: dict[str, Value] = {}
        if self._mark("("):
            while not self._mark(")"):
                argument = self._take("name")
                self._take("mark", ":")
                arguments[argument] = self._value()
        selections = self._selections() if self._token.text == "{" else []
        return Field(key, name, arguments, selections, line, column)

    def _value(self) -> Value:
        if self._mark("$"):
            return Variable(self._take("name"))
        if self._mark("["):
            items: list[Value] = []
            while not self._mark("]"):
                items.append(self._value())
            return items
        if self._mark("{"):
            members: dict[str, Value] = {}
            while not self._mark("}"):
                name = self._take("name")
                self._take("mark", ":")
                members[name] = self._value()
            return members
        return self._plain_value()

    def _plain_value(self) -> Value:
        token = self._token
        if token.kind in ("mark", "end"):
            self._fail(f'expected a value, actual: "{token.text}"', token.at)
        self._next += 1
        match token.kind:
            case "number":
                return int(token.text) if token.text.lstrip("-").isdigit() else float(token.text)
            case "string":
                return _ESCAPE.sub(_unescaped, token.text[1:-1])
            case "block":
                return token.text[3:-3].replace('\\"""', '"""').strip()
        words: Mapping[str, Value] = {"true": True, "false": False, "null": None}
        return words.get(token.text, EnumValue(token.text))


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _ESCAPES.get(match[2], match[2])
