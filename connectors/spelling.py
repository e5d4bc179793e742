"""How single values are spelt in a declaration: references, durations, sizes, percentages, lists of texts.

Holds the strict scalar types and the block that all models of the file are made of. A reason never repeats
the value that it refuses: a secret that was written by mistake must not reach a log.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import jmespath
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_CREDENTIAL = re.compile(
    r"authori[sz]ation|cookie|token|secret|passw|pwd|(api|app|access)[-_]?key|\bsign(ature)?\b", re.I
)
_REFERENCE = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|secret:[A-Za-z0-9_./-]+)")
_TYPE = re.compile(r"(?:[A-Za-z_]\w*|\[ *[A-Za-z_]\w*!? *\])!?", re.ASCII)
_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"KiB": 1 << 10, "MiB": 1 << 20}


class DeclarationError(ValueError):
    """Everything that is wrong in a set of declarations; each line reads `file:line: what, what to do`."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


def is_reference(text: object) -> bool:
    """Whether a text is `env:NAME` or `secret:path`, to be resolved when the connector opens."""
    return isinstance(text, str) and _REFERENCE.fullmatch(text) is not None


def _reference(value: Any) -> str:
    if not is_reference(value):
        raise ValueError("a literal is refused here; write a reference, `env:NAME` or `secret:path`")
    return str(value)


def _seconds(value: Any) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a duration such as `800ms`, `3s`, `5m` or `36h`")
    return float(found[1]) * _SECONDS[found[2]]


def _size(value: Any) -> int:
    found = re.fullmatch(r"(\d+)(KiB|MiB)", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a size such as `512KiB` or `8MiB`")
    return int(found[1]) * _BYTES[found[2]]


def _share(value: Any) -> float:
    found = re.fullmatch(r"(\d{1,2}(?:\.\d+)?)%", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a percentage below 100 such as `5%`")
    return float(found[1]) / 100


def _texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise ValueError("text or a list of texts is expected: write each in quotes")
    return tuple(items)


def _day(value: Any) -> date:
    """ruamel.yaml makes a plain day a date; in quotes it is a text."""
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("write a day such as `1950-01-01`") from None


def _one_of(value: Any) -> tuple[str | None, ...]:
    """The texts of `is:`; YAML's null, alone or among them, stands for "there is no value"."""
    items = value if isinstance(value, list) else [value]
    return tuple(None if item is None else _texts(item)[0] for item in items)


def _url_path(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("a path begins with `/`; the host belongs into `base`")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError("unknown time zone; write a name such as `Asia/Shanghai`") from None
    return text


def _expression(text: str) -> str:
    try:
        jmespath.compile(text)
    except ValueError:
        raise ValueError("not a JMESPath expression") from None
    return text


def names_credential(name: str) -> bool:
    """Whether what stands under this name is taken for a credential."""
    return _CREDENTIAL.search(name) is not None


def _graphql_type(text: str) -> str:
    if not _TYPE.fullmatch(text):
        raise ValueError("write a type of GraphQL such as `String!` or `[ID!]!`")
    return text


def no_literal_secrets(words: Any, name: str = "") -> Any:
    """Refuses a literal under a name such as `password` or `X-Token`, at any depth; gives `words` back."""
    if isinstance(words, dict):
        for key, value in words.items():
            no_literal_secrets(value, str(key))
    elif isinstance(words, list):
        for value in words:
            no_literal_secrets(value, name)
    elif names_credential(name) and not is_reference(words):
        raise ValueError(f"`{name}` looks like a credential: write a reference, `env:NAME` or `secret:path`")
    return words


def in_range(wanted: str, version: str) -> bool:
    """Whether a version such as `2026.11` lies in a range such as `>=2026 <2027`."""

    def parts(text: str) -> list[int]:
        numbers = [int(part) for part in text.split(".")]
        return numbers + [0] * (3 - len(numbers))

    bounds = re.findall(r"(>=|<=|==|<|>)([\d.]+)", wanted)
    return all(_COMPARE[sign](parts(version), parts(bound)) for sign, bound in bounds)


def _written(pattern: str, example: str, what: str) -> WithJsonSchema:
    """How a text is written, for editors: what a reader of the file sees, not what it becomes."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example], "description": what})


def _any_case(pattern: str) -> str:
    """The pattern for readers that know no flag for letter case: each letter in both."""
    found, within = [], False
    for before, letter in zip(" " + pattern, pattern, strict=False):
        within = (within or letter == "[") and letter != "]"
        both = letter + letter.upper() if letter.isalpha() and before != "\\" else letter
        found.append(both if within or both == letter else f"[{both}]")
    return "".join(found)


_TEXT = {"type": "string"}
_REFERRED = {"type": "string", "pattern": rf"^{_REFERENCE.pattern}$"}
_SEVERAL = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_MAYBE = {"anyOf": [_TEXT, {"type": "null"}, {"type": "array", "items": {"type": ["string", "null"]}}]}


def _holding(what: dict[str, Any]) -> dict[str, Any]:
    """A mapping in which whatever is named like a credential is a reference."""
    named = {
        _any_case(_CREDENTIAL.pattern): {"anyOf": [_REFERRED, {"type": ["object", "array"]}]} if not what else _REFERRED
    }
    return {"type": "object", "patternProperties": named, "additionalProperties": what}


Reference = Annotated[
    str,
    BeforeValidator(_reference),
    _written(rf"^{_REFERENCE.pattern}$", "env:NAME", "A setting or secret by its name, `env:NAME` or `secret:path`."),
]
Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    _written(r"^\d+(\.\d+)?(ms|s|m|h|d)$", "3s", "A duration such as `800ms` or `36h`."),
]
Size = Annotated[int, BeforeValidator(_size), _written(r"^\d+(KiB|MiB)$", "8MiB", "A size such as `8MiB`.")]
Share = Annotated[
    float, BeforeValidator(_share), _written(r"^\d{1,2}(\.\d+)?%$", "5%", "A percentage below 100 such as `5%`.")
]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts), WithJsonSchema(_SEVERAL)]
Wanted = Annotated[tuple[str | None, ...], BeforeValidator(_one_of), WithJsonSchema(_MAYBE)]
Day = Annotated[date, BeforeValidator(_day), _written(r"^\d{4}-\d{2}-\d{2}$", "1951-01-01", "A day, in quotes.")]
Codes = dict[str, str]
Count = Annotated[int, Field(strict=True, ge=1)]
GraphqlType = Annotated[
    str, AfterValidator(_graphql_type), _written(rf"^{_TYPE.pattern}$", "[String!]!", "A type of GraphQL.")
]
Expression = Annotated[str, AfterValidator(_expression)]
Zone = Annotated[str, AfterValidator(_zone)]
Templates = Annotated[dict[str, Any], AfterValidator(no_literal_secrets), WithJsonSchema(_holding({}))]
TextTemplates = Annotated[dict[str, str], AfterValidator(no_literal_secrets), WithJsonSchema(_holding(_TEXT))]
UrlPath = Annotated[str, AfterValidator(_url_path), _written("^/", "/api/v2/records", "A path from the host on.")]


class Block(BaseModel):
    """A block of the file: unknown words are refused, nothing changes after reading. The text below a word is what
    editors show of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Listed(Block):
    """A block whose first word may stand for it, as a list: `[eq, in]` is `{ops: [eq, in]}`."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {next(iter(cls.model_fields)): data} if isinstance(data, list) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [whole, whole["properties"][next(iter(cls.model_fields))]]}
