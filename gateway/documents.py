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
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

MAX_BYTES = 1 << 20
MAX_BESIDE = 4 << 20
MAX_ALIASES = 64
ALIAS = re.compile(r"(?m)(?:^|[\s\[{,:-])\*\w")

Loc = Sequence[str | int]
M = TypeVar("M", bound=BaseModel)


class DocumentError(ValueError):
    """One or more findings in YAML files; each line reads `file:line: what is wrong, what to do`."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


class _Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


class Document:
    """One YAML file: `data` as plain Python, `digest` of its bytes, and lines for every key.

    `name` is what messages call the file: its path relative to the folder that was loaded. `folder` is where it
    stands, if that may be known.
    """

    def __init__(self, name: str, raw: bytes, folder: Path | None = None) -> None:
        self.name = name
        self._folder = folder
        self.digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        self._tree = _parse(name, raw)
        try:
            self.data: Any = _plain(self._tree)
        except _Refused as error:
            raise DocumentError([f"{name}:{error.line}: {error}"]) from None

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
        node, line = self._tree, 1
        for part in loc:
            try:
                position = node.lc.data[part]
                line = int(position[0]) + 1
                node = node[part]
            except (AttributeError, KeyError, IndexError, TypeError):
                continue  # pydantic names union branches in a loc; they are not keys of the file
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
        if item["type"] == "string_type" and isinstance(item.get("input"), int | float):
            return f"{self.where(loc)}: `{word}` is a code: write it in quotes"
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


def load_folder(folder: Path, root: Path | None = None) -> list[Document]:
    """Every `*.yaml` of a folder in name order, templates (`_*.yaml`) left out. Collects all findings."""
    found: list[Document] = []
    findings: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name.startswith("_"):
            continue
        try:
            found.append(load(path, root or folder))
        except DocumentError as error:
            findings += error.findings
    if findings:
        raise DocumentError(findings)
    return found


def suggestion(word: str | None, known: Iterable[str], language: str = "en") -> str:
    """`, did you mean `x`?`, or the whole list when it is short, or nothing; in Chinese for callers who read it."""
    choices = sorted({choice for choice in known if choice})
    near = difflib.get_close_matches(word or "", choices, n=1, cutoff=0.6)
    if near:
        return f"，是否应为 `{near[0]}`？" if language == "zh" else f", did you mean `{near[0]}`?"
    if choices and len(choices) <= 24:
        return ("；已知的有：" if language == "zh" else "; known: ") + ", ".join(choices)
    return ""


def _parse(name: str, raw: bytes) -> Any:
    if len(raw) > MAX_BYTES:
        raise DocumentError([f"{name}:1: larger than {MAX_BYTES} bytes; split it"])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DocumentError([f"{name}:{line}: not UTF-8; save the file as UTF-8"]) from None
    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = False
    try:
        # parsing twice would double the time of every start: only a text that may hold aliases is looked through
        if ALIAS.search(text) and _aliases(text) > MAX_ALIASES:
            raise DocumentError([f"{name}:1: more than {MAX_ALIASES} aliases; write the values out"])
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = (error.problem or "not YAML").splitlines()[0].split(" with value")[0]
        raise DocumentError([f"{name}:{line}: {problem}"]) from None
    except YAMLError as error:
        raise DocumentError([f"{name}:1: {str(error).splitlines()[0]}"]) from None
    if not isinstance(tree, CommentedMap):
        raise DocumentError([f"{name}:1: a mapping of words is expected at the top"])
    return tree


def _aliases(text: str) -> int:
    return sum(isinstance(event, AliasEvent) for event in YAML(typ="safe", pure=True).parse(text))


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        for key in node:
            # `0123` would arrive as 123; a key is a word or a code. `null` as a key can only mean the word
            if not (key is None or isinstance(key, str)):
                raise _Refused(node.lc.key(key)[0] + 1, "a key is text: write it in quotes")
        return {"null" if key is None else str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    for scalar in (str, bool, int, float):
        if isinstance(node, scalar):
            return scalar(node)
    if node is None or isinstance(node, date):
        return node
    raise _Refused(1, "a tag such as `!x` is not allowed; write the plain value")


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
