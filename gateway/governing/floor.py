"""HOME/keys/<what>-floor.json: the last statement of a row that this home obeyed, so that no older one comes back.

One file for each row that a home follows (pointers of policies, steps of platforms). Its number only rises.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.governing import keeping
from gateway.governing.statements import Refused, canonical


@dataclass(frozen=True, slots=True)
class Floor:
    """The number and the id of the statement that was obeyed last; 0 before the first."""

    seq: int = 0
    statement: str | None = None


class Floors:
    """The floor of one row, `what`. Its statements are called `word` in the file."""

    def __init__(self, home: Path, what: str, word: str) -> None:
        self._folder, self._name, self._word = home / "keys", f"{what}-floor.json", word

    def read(self) -> Floor:
        """Raises Refused when there is a file and it cannot be read: then nobody knows what was obeyed."""
        try:
            words = orjson.loads((self._folder / self._name).read_bytes())
            return Floor(int(words["seq"]), str(words[self._word]))
        except FileNotFoundError:
            return Floor()
        except (OSError, ValueError, KeyError, TypeError):
            raise Refused("unreadable", f"keys/{self._name} cannot be read; restore it from its backup") from None

    def raise_to(self, seq: int, statement: str | None) -> None:
        """Write down that this home obeys so much. Raises OSError, Refused."""
        with keeping.alone(self._folder / f".{self._name}.lock"):
            if self.read().seq < seq:
                keeping.replace(self._folder / self._name, canonical({"seq": seq, self._word: statement}))
