"""Kinds of other packages: each an entry point of the group `credit-gateway.connectors`, used only where it is named.

Nothing of a package is imported before an operator has named its kind in the settings. A kind brings what the shipped
ones have, as attributes of its class: `words` (`agreement.KindWords`), `source` (the model of its sources' words) and
`api`, the version of the contract that it was written for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Union, get_args

from pydantic import Field, create_model

from connectors.agreement import KindWords
from connectors.contract import API
from connectors.declaration import AnySource, PlatformWords
from connectors.kinds import KINDS
from connectors.sources import SourceWords

GROUP = "credit-gateway.connectors"


def admitted(names: Iterable[str]) -> dict[str, Any]:
    """The kinds of these names. Raises ValueError, which says which one cannot be used and why."""
    return {name: _loaded(name, offered(name)) for name in names}


def words_with(kinds: Mapping[str, Any]) -> type[PlatformWords]:
    """The model of the file where kinds of other packages may be named, each with the model of its sources."""
    if not kinds:
        return PlatformWords
    known: Any = Union[(*get_args(get_args(AnySource)[0]), *(kind.source for kind in kinds.values()))]
    sources: Any = dict[str, Annotated[known, Field(discriminator="kind")]]
    made: type[PlatformWords] = create_model(
        "PlatformWords", __base__=PlatformWords, sources=(sources, Field(min_length=1))
    )
    return made


def offered(name: str) -> EntryPoint:
    """The entry point of a kind; nothing is imported. Raises ValueError."""
    if name in KINDS:
        raise ValueError(f"`{name}` is a shipped kind; leave it out")
    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        raise ValueError(f"no installed package offers the kind `{name}`; install one with an entry point in `{GROUP}`")
    if len(found) > 1:
        raise ValueError(
            f"the kind `{name}` is offered by {' and '.join(sorted(map(package, found)))}; keep one of them"
        )
    return found[0]


def package(entry: EntryPoint) -> str:
    """The distribution that offers a kind, with its version."""
    return "an unknown package" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"


def _loaded(name: str, entry: EntryPoint) -> Any:
    try:
        kind = entry.load()
    except Exception as error:  # whatever it is, it is the package's, and the operator's to know
        raise ValueError(f"the kind `{name}` of {package(entry)} cannot be loaded: {type(error).__name__}") from error
    api, words, source = (getattr(kind, word, None) for word in ("api", "words", "source"))
    if api != API:
        said = "no contract" if api is None else f"contract {api}"
        raise ValueError(f"the kind `{name}` of {package(entry)} was written for {said}, this gateway has {API}")
    mine = isinstance(source, type) and issubclass(source, SourceWords) and _names(source) == (name,)
    if not isinstance(words, KindWords) or not mine:
        raise ValueError(f"the kind `{name}` of {package(entry)} lacks `words`, or a `source` whose `kind` it is")
    return kind


def _names(source: type[SourceWords]) -> tuple[Any, ...]:
    """What the words of a source may say as their `kind`."""
    kind = source.model_fields.get("kind")
    return get_args(kind.annotation) if kind is not None else ()
