"""A ruling made ready for rows: its row rules prepared, its masks chosen, what it cannot answer known.

Rulings come as the same objects from request to request, so each is bound once and kept as long as it lives. A bound
ruling holds functions and names, never a value of a record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from connectors.contract import Platform
from gateway.model import Ruling
from policies.judging import Judge
from policies.masks import Pseudonym, mask
from policies.model import ALLOW, Catalogue, RecordType
from policies.rows import without

SHANGHAI = ZoneInfo("Asia/Shanghai")  # every instant is told in the zone of the records
SOURCE_UNIT = "sourceUnit"

Show = Callable[[Any, Pseudonym], Any]  # a value of a row -> as it is answered; None when it is not


@dataclass(frozen=True, slots=True)
class Bound:
    """`own` are the answered fields of the record itself, `nested` those of its objects, by object; a field without a
    mask has no Show. It does not hold its ruling, which would then live for ever."""

    platform: Platform
    record: RecordType
    judge: Judge
    shows: dict[str, Show | None]  # all that are answered
    effects: Mapping[str, str]  # of the same
    own: tuple[tuple[str, Show | None], ...]
    nested: dict[str, tuple[str, ...]]
    authority: bool
    closing: bool  # its rows are never shown
    undated: bool  # its rows are shown and may not be ordered by their date
    absent: tuple[str, ...]  # coordinates that are answered and that the platform has not got


class Binder:
    """Binds the rulings of one registry and catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: WeakKeyDictionary[Ruling, Bound] = WeakKeyDictionary()

    def of(self, ruling: Ruling, platform: Platform) -> Bound:
        found = self._known.get(ruling)
        if found is None:
            found = self._known[ruling] = self._bind(ruling, platform)
        return found

    def _bind(self, ruling: Ruling, platform: Platform) -> Bound:
        record = self._catalogue.types[ruling.type]
        answered = {name: found.effect for name, found in ruling.decisions.items() if found.answered}
        shows = {n: self._show(effect, record.fields[n].many) for n, effect in answered.items() if n in record.fields}
        nested: dict[str, list[str]] = {}
        for name in shows:
            if "." in name:
                nested.setdefault(name.partition(".")[0], []).append(name)
        claim = platform.claim(record.name)
        shown = ruling.denied is None and not ruling.closing
        return Bound(
            platform,
            record,
            Judge(ruling.rows, without(record, claim.not_applicable)),
            shows,
            answered,
            tuple((name, show) for name, show in shows.items() if "." not in name),
            {group: tuple(names) for group, names in nested.items()},
            record.name in platform.authority_of,
            ruling.closing,
            shown and not ruling.dated,
            tuple(record.fields[name].coordinate for name in sorted(answered.keys() - claim.fields)),
        )

    def _show(self, effect: str, many: bool) -> Show | None:
        if effect == ALLOW:
            return None
        bands: Sequence[str] = self._catalogue.bands

        def one(value: Any, pseudonym: Pseudonym) -> Any:
            return None if value is None else mask(effect, value, bands, pseudonym)

        def each(value: Any, pseudonym: Pseudonym) -> Any:
            return None if value is None else [one(item, pseudonym) for item in value]

        return each if many else one


def ready(value: Any) -> Any:
    """A catalogue value as JSON-ready text, number or flag. `date.max` is open-ended: 9999-12-31."""
    kind = value.__class__
    if kind is str or value is None:
        return value
    if kind is date:
        return value.isoformat()
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return [ready(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
