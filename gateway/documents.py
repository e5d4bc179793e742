"""YAML files as people write them: read strictly, refused with file, line and the nearest right word.

One reader serves every YAML file of the house (catalogue, rules, cases, platforms, clients), so that a
mistake looks the same everywhere. `policies` and `connectors` are handed a `Document` and never import
this module. YAML 1.2 rules hold (`no` and `08:00` stay text); duplicate keys, anchors that expand
without bound and files above 1 MiB are refused. A document never prints a value, only words of the
vocabulary and keys.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from gateway.yaml_texts import Misread, Place, read

MAX_BYTES = 1 << 20
MAX_BESIDE = 4 << 20

Loc = Sequence[str | int]
M = TypeVar("M", bound=BaseModel)


# what is said of a value of another shape, for pydantic's names of it
SHAPES = {
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), "a list is expected: `[...]`"),
    **dict.fromkeys(("model_type", "dict_type", "mapping_type"), "words with values are expected: `{word: value}`"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "`true` or `false` is expected"),
    **dict.fromkeys(("int_type", "int_parsing"), "a whole number is expected"),
}


class DocumentError(ValueError):
    """One or more findings in YAML files; each line reads `file:line: what is wrong, what to do`."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


class Document:
    """One YAML file: `data` as plain Python, `digest` of its bytes, and lines for every key.

    `name` is what messages call the file: its path relative to the folder that was loaded. `folder` is where it
    stands, if that may be known.
    """

    def __init__(self, name: str, raw: bytes, folder: Path | None = None) -> None:
        self.name = name
        self._folder = folder
        self.digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        self.data: Any
        self.data, self._places = _read(name, raw)

    @property
    def stem(self) -> str:
        return Path(self.name).stem

    def read(self, model: type[M]) -> M:
        """Validate against a pydantic model (`extra="forbid"`); raises DocumentError with every finding."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise DocumentError(self._finding(model, dict(item)) for item in error.errors()) from None

    def problem(self, loc: Loc, message: str, word: str | None = None, known: Iterable[str] = ()) -> DocumentError:
        """The error for a finding that a model cannot see; `word` and `known` give the nearest right word."""
        return DocumentError([f"{self.where(loc)}: {message}{suggestion(word, known)}"])

    def beside(self, name: str) -> bytes:
        """The bytes of another file in this folder or below. Raises ValueError, which says why it cannot be read."""
        parts = Path(name).parts
        if self._folder is None or Path(name).is_absolute() or ".." in parts or not parts or "://" in name:
            raise ValueError(f"`{name}` is not the name of a file beside this one")
        path = self._folder / name
        try:
            if path.stat().st_size > MAX_BESIDE:
                raise ValueError(f"`{name}` is larger than {MAX_BESIDE} bytes")
            return path.read_bytes()
        except OSError as error:
            raise ValueError(f"`{name}` cannot be read ({error.strerror}); put it beside this file") from None

    def sibling(self, name: str) -> Document:
        """Another YAML file in the same folder or below. Raises ValueError (DocumentError for what is in it)."""
        raw = self.beside(name)
        return Document(name, raw, (self._folder / name).parent if self._folder else None)

    def where(self, loc: Loc) -> str:
        return f"{self.name}:{self.line(loc)}"

    def line(self, loc: Loc) -> int:
        """The line (from 1) of the deepest part of `loc` that stands in the file."""
        place, line = self._places, 1
        for part in loc:  # pydantic names union branches in a loc; they are not keys of the file
            if part in place.within:
                place = place.within[part]
                line = place.line
        return line

    def _finding(self, model: type[BaseModel], item: dict[str, Any]) -> str:
        loc = cast("tuple[str | int, ...]", item["loc"])
        word = str(loc[-1]) if loc else ""
        if item["type"] == "extra_forbidden":
            return f"{self.where(loc)}: unknown word `{word}`{suggestion(word, _words(model))}"
        if item["type"] == "missing":
            return f"{self.where(loc[:-1])}: `{word}` is missing"
        if item["type"] in {"literal_error", "enum"}:
            expected = str(item.get("ctx", {}).get("expected", ""))
            given = item.get("input")
            known = [part.strip(" '\"") for part in expected.replace(" or ", ",").split(",")]
            said = f" `{given}`" if isinstance(given, str) else ""
            return f"{self.where(loc)}: unknown word{said} for `{word}`{suggestion(str(given), known)}"
        if item["type"] == "union_tag_invalid":
            context = item["ctx"]
            known = [part.strip(" '") for part in str(context["expected_tags"]).split(",")]
            tag, of = str(context["tag"]), str(context["discriminator"]).strip("'")
            return f"{self.where(loc)}: unknown word `{tag}` for `{of}`{suggestion(tag, known)}"
        if item["type"] in SHAPES:
            return f"{self.where(loc)}: `{word}`: {SHAPES[item['type']]}"
        if item["type"] == "string_type" and isinstance(item.get("input"), int | float):
            return f"{self.where(loc)}: `{word}` is a code: write it in quotes"
        field = model.model_fields.get(word) if len(loc) == 1 else None
        if item["type"] == "string_pattern_mismatch" and field is not None and field.examples:
            return f"{self.where(loc)}: `{word}` is not written as it should be, such as `{field.examples[0]}`"
        if item["type"] == "string_too_short":
            return f"{self.where(loc)}: `{word}` is too short: write at least {item['ctx']['min_length']} characters"
        message = str(item["msg"]).removeprefix("Value error, ")
        return f"{self.where(loc)}: `{word}`: {message[:1].lower() + message[1:]}"


def load(path: Path, root: Path | None = None) -> Document:
    """Read one file; its name in messages is relative to `root`. Raises DocumentError."""
    name = str(path.relative_to(root)) if root else path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DocumentError([f"{name}:1: cannot be read ({error.strerror}); check that it exists"]) from None
    return Document(name, raw, path.parent)


def listed(folder: Path) -> list[Path]:
    """Every `*.yaml` of a folder in name order; templates (`_*.yaml`) are left out."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("_"))


def suggestion(word: str | None, known: Iterable[str], language: str = "en") -> str:
    """`, did you mean `x`?`, or the whole list when it is short, or nothing; in Chinese for callers who read it."""
    choices = sorted({choice for choice in known if choice})
    near = difflib.get_close_matches(word or "", choices, n=1, cutoff=0.6)
    if near:
        return f"，是否应为 `{near[0]}`？" if language == "zh" else f", did you mean `{near[0]}`?"
    if choices and len(choices) <= 24:
        return ("；已知的有：" if language == "zh" else "; known: ") + ", ".join(choices)
    return ""


def _read(name: str, raw: bytes) -> tuple[dict[str, Any], Place]:
    if len(raw) > MAX_BYTES:
        raise DocumentError([f"{name}:1: larger than {MAX_BYTES} bytes; split it"])
    try:
        data, places = read(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DocumentError([f"{name}:{line}: not UTF-8; save the file as UTF-8"]) from None
    except Misread as error:
        raise DocumentError([f"{name}:{error.line}: {error}"]) from None
    if not isinstance(data, dict):
        raise DocumentError([f"{name}:1: a mapping of words is expected at the top"])
    return data, places


def _words(model: type[BaseModel]) -> set[str]:
    """Every word that a model and the models inside it know."""
    words: set[str] = set()
    queue: list[Any] = [model]
    seen: set[Any] = set()
    while queue:
        item = queue.pop()
        if item in seen:
            continue
        seen.add(item)
        if isinstance(item, type) and issubclass(item, BaseModel):
            for name, field in item.model_fields.items():
                words.add(field.alias or name)
                queue.append(field.annotation)
        else:
            queue += [part for part in getattr(item, "__args__", ()) if part is not None]
    return words
