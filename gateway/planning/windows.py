"""The arguments of a record connection -> Window: checked, regions spelt out, the cursor opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from gateway.cursors import Cursors, question_digest
from gateway.errors import GatewayError
from gateway.model import Caller, Path, Seek, Subject, Window
from policies import identifiers
from policies.model import Catalogue, RecordType, Words

BACKWARDS = Words("`from` 晚于 `to`", "`from` is later than `to`")
NO_AREA = Words("`regions`：代码不在任何省内", "`regions`: a code lies in no province")
DATELESS = Words("该记录类型没有可供筛选的日期", "this record type has no date to filter by")


class Windows:
    """Reads windows; `max_first` bounds a page."""

    def __init__(self, catalogue: Catalogue, cursors: Cursors, max_first: int) -> None:
        self._catalogue = catalogue
        self._cursors = cursors
        self._max_first = max_first

    def of(
        self,
        arguments: Mapping[str, Any],
        subject: Subject,
        record: RecordType,
        caller: Caller,
        path: Path,
        seek: Seek | None = None,
    ) -> Window:
        """Raises GatewayError INVALID_ARGUMENT or INVALID_CURSOR."""
        first = arguments.get("first", 20)
        if not 0 <= first <= self._max_first:
            detail = Words(f"`first` 应为 0 至 {self._max_first}", f"`first` is from 0 to {self._max_first}")
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=detail)
        since, until = _date(arguments.get("from")), _date(arguments.get("to"))
        if since and until and since > until:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=BACKWARDS)
        if (since or until) and record.roles.date is None:
            raise GatewayError("INVALID_ARGUMENT", path=path, detail=DATELESS)
        regions = self.regions(arguments, path)
        window = Window(
            regions=regions,
            once=self._once(regions),
            since=since,
            until=until,
            statuses=tuple(_name(item) for item in arguments.get("status") or ()),
            newest_first=_name(arguments.get("orderBy", "NEWEST_FIRST")) == "NEWEST_FIRST",
            first=first,
        )
        if seek is not None and seek.op == "contains":
            window = replace(window, newest_first=False)  # matches come in the order of their names
        after = arguments.get("after")
        if after is None:
            return window
        question = question_digest(subject, record.name, window, seek)
        return replace(window, after=self._cursors.open(caller.partner, question, after, path))

    def regions(self, arguments: Mapping[str, Any], path: Path) -> tuple[str, ...]:
        """The beginnings of area codes that the argument `regions` stands for; a retired code is its successors."""
        found: dict[str, None] = {}
        for region in arguments.get("regions") or ():
            if not region.isdigit() and region not in self._catalogue.region_sets:
                known = ", ".join(sorted(self._catalogue.region_sets))
                detail = Words(f"`regions`：已知的区域集合有 {known}", f"`regions`: known sets are {known}")
                raise GatewayError("INVALID_ARGUMENT", path=path, detail=detail)
            if region.isdigit() and not identifiers.is_area_code(region):  # nobody would be asked, and nothing missing
                raise GatewayError("INVALID_ARGUMENT", path=path, detail=NO_AREA)
            found |= dict.fromkeys(self._catalogue.codes_of(region))
        return tuple(found)

    def _once(self, regions: tuple[str, ...]) -> tuple[str, ...]:
        """The beginnings of the codes that these areas had before: records of that time bear them."""
        retired = self._catalogue.retired.items()
        return tuple(old.removesuffix("00") for old, now in retired if not set(now).isdisjoint(regions))


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _name(value: Any) -> str:
    return str(getattr(value, "value", value))
