"""Dates and timestamps by declared formats, in both directions. Calendars are read in a declared zone.

A format is made of `%Y %m %d %H %M %S %f %z` and literal characters; `epochMillis` is milliseconds since
1970 in UTC; `native` says that the database's own date type is stored. Values that a driver already gives
as dates are taken as they are under every format. Formats are matched strictly: digits that stand together
have their full width, so `2019111` is no date. Milliseconds need eleven digits (later than April 1970), so that
seconds, or a day in digits, are not taken for one of those months; fewer are read only where they are a full hour
and no format of digits alone stands beside them. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.mapping.texts import Unmappable, half_width, text_of

KEPT = 2048  # readings that each field keeps: most days come again; what is no time is never kept
EPOCH_MILLIS = "epochMillis"
NATIVE = "native"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))  # in whose time answers are written
_LAST = datetime.max.replace(tzinfo=CHINA)
_FIRST, _DAY, _HOUR = -62_135_596_800_000, 86_400_000, 3_600_000  # milliseconds: of 0001-01-01, in a day, an hour
_SECONDS = 10**10  # what is smaller may be seconds, or a day in digits
_TOKEN = re.compile(r"%.|[^%]+")
_WIDE = {"%Y": r"(?P<Y>\d{4})", "%f": r"(?P<f>\d{1,6})", "%z": r"(?P<z>Z|[+-]\d{2}:?\d{2})"}
_NARROW = {"%m": "m", "%d": "d", "%H": "H", "%M": "M", "%S": "S"}
_WIDE_LIKE = {"%Y": "____"}
_SORTING = ("%Y", "%m", "%d", "%H", "%M", "%S")


class Format:
    """One declared format. Raises ValueError, with what to do, when it is not one."""

    def __init__(self, pattern: str) -> None:
        tokens = _TOKEN.findall(pattern)
        directives = [token for token in tokens if token.startswith("%")]
        unknown = [token for token in directives if token not in _WIDE and token not in _NARROW]
        if unknown or len(set(directives)) != len(directives) or not {"%Y", "%m", "%d"} <= set(directives):
            raise ValueError(f"`{pattern}` is not a format: use %Y %m %d, then %H %M %S %f %z, each once")
        parts, loose, exact = [], "", ""
        for index, token in enumerate(tokens):
            beside = tokens[max(0, index - 1) : index] + tokens[index + 1 : index + 2]
            together = any(other.startswith("%") for other in beside)
            name = _NARROW.get(token)
            width = "{2}" if together else "{1,2}"
            parts.append(f"(?P<{name}>\\d{width})" if name else _WIDE.get(token) or re.escape(token))
            liked = "__" if name else _WIDE_LIKE.get(token) or literally(token)
            exact += liked
            loose += "%" if name and not together else liked
        self.pattern = pattern
        self.sorts = tuple(directives) == _SORTING[: len(directives)]  # from years to seconds, none left out
        self.timed = "%H" in directives
        self.bare = len(directives) == len(tokens)  # nothing but digits
        self.ragged = (
            None if loose == exact else (loose, exact)
        )  # for LIKE: with or without zeros before, and with them
        self._tokens = tokens
        self._regex = re.compile("".join(parts), re.ASCII)

    def read(self, text: str) -> datetime | None:
        """The moment, without zone unless the text has one; None when the text is not of this format."""
        found = self._regex.fullmatch(text)
        if found is None:
            return None
        try:
            if self.sorts:
                return datetime(*map(int, found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
            part = found.groupdict()
            numbers = [int(part.get(name) or 0) for name in ("Y", "m", "d", "H", "M", "S")]
            micro = int((part.get("f") or "0").ljust(6, "0"))
            return datetime(*numbers, micro, tzinfo=_offset(part.get("z")))  # type: ignore[misc,arg-type]
        except ValueError:
            return None

    def write(self, moment: datetime) -> str:
        """The text of a moment in this format, zero-padded."""
        texts = {
            "%Y": f"{moment.year:04}",
            "%m": f"{moment.month:02}",
            "%d": f"{moment.day:02}",
            "%H": f"{moment.hour:02}",
            "%M": f"{moment.minute:02}",
            "%S": f"{moment.second:02}",
            "%f": f"{moment.microsecond:06}",
            "%z": moment.strftime("%z"),
        }
        return "".join(texts.get(token, token) for token in self._tokens)


def literally(text: str) -> str:
    """A text within a pattern of LIKE whose escape is `!`."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


_ISO = Format("%Y-%m-%d")


def formats(patterns: Iterable[str]) -> tuple[Format, ...]:
    """The formats among `patterns`; `epochMillis` and `native` are not formats. Raises ValueError."""
    return tuple(Format(pattern) for pattern in patterns if pattern not in {EPOCH_MILLIS, NATIVE})


def date_reader(
    patterns: Sequence[str],
    zone: ZoneInfo,
    never: Sequence[str],
    unknown: Sequence[str],
    earliest: date | None = None,
) -> Callable[[Any], date | None]:
    """Reads dates; a `never` word or day is `date.max`, an `unknown` one, or one before `earliest`, is None. Raises
    Unmappable."""
    first = _first(patterns)
    words: dict[Any, date | None] = dict.fromkeys(never, date.max) | dict.fromkeys(unknown)
    for word in (*never, *unknown):
        day = _day(word, first)
        if day is not None:
            words[day] = words[word]

    def meant(day: date) -> date | None:
        return words.get(day, None if earliest is not None and day < earliest else day)

    def day_of(moment: datetime) -> date | None:
        try:
            return meant(moment.astimezone(zone).date() if moment.tzinfo else moment.date())
        except OverflowError:  # the first or the last day of all, which it is not there
            return meant(moment.date())

    @lru_cache(KEPT)
    def read_text(written: str) -> date | None:
        text = written if written in words else half_width(written)
        if text in words:
            return words[text]
        moment = first(text)
        if moment is None:
            raise Unmappable("is not a date in a declared format")
        return day_of(moment)

    def read(raw: Any) -> date | None:
        if isinstance(raw, str):
            return read_text(raw)
        if isinstance(raw, datetime):
            return day_of(raw)
        if isinstance(raw, date):
            return meant(raw)
        return read_text(text_of(raw))

    return read


def timestamp_reader(patterns: Sequence[str], zone: ZoneInfo) -> Callable[[Any], datetime]:
    """Reads instants; a text without an offset is local to `zone`. Raises Unmappable."""
    first = _first(patterns)

    def at(moment: datetime) -> datetime:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if moment > _LAST:
            raise Unmappable("is later than any time")
        return moment

    @lru_cache(KEPT)
    def read_text(text: str) -> datetime:
        moment = first(half_width(text))
        if moment is None:
            raise Unmappable("is not a timestamp in a declared format")
        return at(moment)

    def read(raw: Any) -> datetime:
        return at(raw) if isinstance(raw, datetime) else read_text(text_of(raw))

    return read


def epoch_millis(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware moment."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def day_named(word: str, patterns: Sequence[str]) -> date | None:
    """The day that a word of `never` or `unknown` names; None for one that is no day."""
    return _day(word, _first(patterns))


def _day(word: str, first: Callable[[str], datetime | None]) -> date | None:
    moment = first(word) or _ISO.read(word)  # said for many fields, it may be in a format that this one has not
    return None if moment is None else moment.date()


def _first(patterns: Sequence[str]) -> Callable[[str], datetime | None]:
    """Reads by the first format that fits; milliseconds, when declared, come last."""
    known = formats(patterns)
    shortest = 11 if any(form.bare for form in known) else 1
    millis = re.compile(rf"-?\d{{{shortest},14}}" if EPOCH_MILLIS in patterns else r"(?!)", re.ASCII)

    def first(text: str) -> datetime | None:
        for form in known:
            moment = form.read(text)
            if moment is not None:
                return moment
        return _since_epoch(int(text)) if millis.fullmatch(text) else None

    return first


def _since_epoch(millis: int) -> datetime | None:
    """The moment; the first of all for what is up to a day before it, as programs east of Greenwich write it."""
    if millis < _FIRST - _DAY or (abs(millis) < _SECONDS and millis % _HOUR):
        return None
    return _EPOCH + timedelta(milliseconds=max(millis, _FIRST))


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)
