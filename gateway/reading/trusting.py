"""The documents of a home, `documents/*.graphql`: read and checked at the start, before anybody asks them."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import GatewayError, Refusal
from gateway.reading.reader import Reader
from gateway.schema import Face
from policies.model import Catalogue


def trusted(folder: Path, catalogue: Catalogue) -> tuple[tuple[str, ...], list[str]]:
    """Their texts, and what is wrong with them as `file:line`."""
    texts: list[str] = []
    findings: list[str] = []
    reader: Reader | None = None
    for path in sorted(folder.glob("*.graphql")):
        name = f"documents/{path.name}"
        reader = reader or Reader(Face(catalogue))
        try:
            texts.append(path.read_text("utf-8"))
            reader.trust(texts[-1])
        except (OSError, UnicodeDecodeError):
            findings.append(f"{name}:1: cannot be read as UTF-8 text")
        except GatewayError as refused:
            for error in refused.errors if isinstance(refused, Refusal) else (refused,):
                line = (error.locations or [{"line": 1}])[0]["line"]
                findings.append(f"{name}:{line}: {error.words()}")
    return tuple(texts), findings
