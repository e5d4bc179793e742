"""Ranges in words, Chinese or English: from where to where, when, and which rows. Nothing here compares or decides."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from policies.conditions import SHANGHAI
from policies.difference import Difference
from policies.model import Catalogue, Words
from policies.moments import Moment
from policies.places import ELSEWHERE
from policies.row_space import NOT_KEPT, UNKNOWN, Age, Only, Passed
from policies.wording import TEMPLATES, span

FEW = 4  # entries of a list that are written out in a line
WORDS: Mapping[str, Words] = {
    "catalogue": Words("目录", "CATALOGUE"),
    "gains": Words("放宽", "GAINS"),
    "loses": Words("收紧", "LOSES"),
    "quota": Words("配额放宽", "QUOTA RISES"),
    "rows": Words("记录", "rows"),
    "anyone": Words("任何人", "anyone"),
    "any purpose": Words("任何目的", "any purpose"),
    "no purpose": Words("未说明目的", "no purpose"),
    "no region": Words("地区不明", "no region"),
    "other province": Words("其他省", "any other province"),
    "rest of": Words("{}其余地区", "elsewhere in {}"),
    "on": Words("{}查询{}的记录", "{} on {}"),
    "anywhere": Words("任何地区", "anywhere"),
    "but": Words("{}（{}除外）", "{} but {}"),
    "its own": Words("其本省", "its own province"),
    "situations": Words("{}种情形，`--full` 逐一列出", "{} situations, `--full` tells each"),
    "inside": Words("本省", "inside the record's province"),
    "outside": Words("外省", "outside the record's province"),
    "scope yes": Words("有权限{}", "with {}"),
    "scope no": Words("无权限{}", "without {}"),
    "self yes": Words("查询本人", "about itself"),
    "self no": Words("查询他人", "about somebody else"),
    "consent yes": Words("有主体授权", "with consent"),
    "consent no": Words("无主体授权", "without consent"),
    "given yes": Words("提供{}", "giving {}"),
    "given no": Words("未提供{}", "not giving {}"),
    "id": Words("客户{}", "client {}"),
    "other clients": Words("其他", "any other"),
    "from": Words("自{}", "from {}"),
    "until": Words("至{}", "until {}"),
    "always": Words("任何时间", "always"),
    "status": Words("状态：{}", "state: {}"),
    "severity": Words("失信程度：{}", "severity: {}"),
    "procedure": Words("处罚程序：{}", "procedure: {}"),
    "within": Words("仅为{}", "nothing but {}"),
    "beyond": Words("不限于所列", "more than is listed"),
    "over": Words("公示期已满", "publicity over"),
    "current": Words("公示期未满", "publicity not over"),
    "reached": Words("自{}起满{}", "{1} or more since {0}"),
    "ahead": Words("自{}起未满{}", "less than {1} since {0}"),
    "days late": Words("{}个工作日", "{} working days"),
    "young": Words("未成年", "a minor then"),
    "grown": Words("成年", "of age then"),
    "objected": Words("异议提出之日", "the objection"),
    "event": Words("事发之日", "the event"),
    "publicity_end": Words("公示截止之日", "the end of publicity"),
    UNKNOWN: Words("不详", "not known"),
    NOT_KEPT: Words("平台不存", "not kept by the platform"),
    "hidden": Words("不展示", "hidden"),
    "shown": Words("展示", "shown"),
    "marked": Words("标注{}", "marked {}"),
    "more": Words("{}等{}项", "{} and {} more"),
    "obliges": Words("义务", "obliges to"),
    "nothing": Words("无", "nothing"),
}


class Ranges:
    """Words for the ranges of one comparison; with `full`, every list to its end."""

    def __init__(self, found: Difference, catalogue: Catalogue, language: str, full: bool) -> None:
        self.found, self.catalogue, self.language, self.full = found, catalogue, language, full

    def word(self, key: str, *parts: object) -> str:
        return str(getattr(WORDS[key], self.language)).format(*parts)

    def few(self, names: Iterable[str]) -> str:
        """A list, cut where it is long."""
        listed = list(names)
        if len(listed) <= FEW or self.full:
            return ", ".join(listed)
        return self.word("more", ", ".join(listed[: FEW - 1]), len(listed) - FEW + 1)

    def places(self, pairs: Collection[Hashable]) -> str:
        """Callers' regions and records', as few words as say it."""
        every = [pair for pair in self.found.facts["place"] if isinstance(pair, tuple)]
        inside = [pair for pair in every if pair[0] and pair[0][:2] == pair[1][:2]]
        outside = [pair for pair in every if pair not in inside]
        mine = [pair for pair in every if pair in pairs]
        for name, whole in (("anywhere", every), ("inside", inside), ("outside", outside)):
            missing = [pair for pair in whole if pair not in mine]
            if len(missing) <= min(FEW, len(whole) - 1) and len(mine) + len(missing) == len(whole):
                return self.word("but", self.word(name), self._pairs(missing)) if missing else self.word(name)
        return self._pairs(mine)

    def _pairs(self, pairs: Sequence[tuple[str | None, str]]) -> str:
        """Callers with the same records together."""
        records: dict[str, dict[str, None]] = {}
        for caller, record in pairs:
            home = caller == record and self.found.rest.get(record) == ELSEWHERE
            said = self.word("its own") if home else self._place(record)
            records.setdefault(self._place(caller), {}).setdefault(said)
        callers: dict[tuple[str, ...], list[str]] = {}
        for who, asked in records.items():
            callers.setdefault(tuple(asked), []).append(who)
        return "; ".join(self.word("on", self.few(who), self.few(asked)) for asked, who in callers.items())

    def _place(self, code: str | None) -> str:
        if code is None:
            return self.word("no region")
        area = self.found.rest.get(code)
        if area is not None:
            return self.word("other province") if area == ELSEWHERE else self.word("rest of", area)
        return self.catalogue.provinces[code].zh if self.language == "zh" and code in self.catalogue.provinces else code

    def times(self, values: Iterable[Hashable]) -> str:
        """Spans of days, each with its hours and days of the week where they matter."""
        mine = [moment for moment in values if isinstance(moment, Moment)]
        every = [moment for moment in self.found.facts["time"] if isinstance(moment, Moment)]
        spans: list[tuple[datetime | None, datetime | None, str]] = []
        for since, until in dict.fromkeys((moment.since, moment.until) for moment in every):
            some = [moment for moment in mine if moment.since == since]
            if some:
                whole = len(some) == sum(moment.since == since for moment in every)
                spans.append((since, until, "" if whole else _clocks(some)))
        said = []
        for clocks, together in groupby(_joined(spans), key=lambda entry: entry[2]):
            days = [" ".join(filter(None, (self._day("from", a), self._day("until", b)))) for a, b, _ in together]
            said.append(" ".join(filter(None, (", ".join(day for day in days if day), clocks))) or self.word("always"))
        return "; ".join(said)

    def _day(self, word: str, at: datetime | None) -> str:
        if at is None:
            return ""
        local = at.astimezone(SHANGHAI)
        return self.word(word, f"{local:%Y-%m-%d}" if local.time() == local.min.time() else f"{local:%Y-%m-%d %H:%M}")

    def part(self, role: str, values: Iterable[Hashable]) -> str:
        """One part of a row: its state, an age, what was imposed."""
        said = [self._value(role, value) for value in values]
        text = " / ".join(said)
        return self.word(role, text) if role in {"status", "severity", "procedure"} else text

    def _value(self, role: str, value: Hashable) -> str:
        if isinstance(value, Passed):
            return self._passed(role, value)
        if isinstance(value, Only):
            lists = [" / ".join(codes) for codes in value.within]
            return self.word("within", "; ".join(lists)) if lists else self.word("beyond")
        return self.word(value) if value in (UNKNOWN, NOT_KEPT) and isinstance(value, str) else str(value)

    def _passed(self, role: str, value: Passed) -> str:
        since = self.word(role) if role in WORDS else TEMPLATES[self.language].get(role, role)
        young = {True: self.word("young"), False: self.word("grown"), None: ""}[value.minor]
        ages = [
            self._age(word, since, age) for word, age in (("reached", value.reached), ("ahead", value.ahead)) if age
        ]
        return ", ".join(filter(None, [*ages, young]))

    def _age(self, word: str, since: str, age: Age) -> str:
        if age == Age(type(age.span)()):
            return self.word("over" if word == "reached" else "current")
        long = self.word("days late", age.working_days) if age.working_days else span(age.span, self.language)
        return self.word(word, since, long)


def _joined(
    spans: Sequence[tuple[datetime | None, datetime | None, str]],
) -> Iterator[tuple[datetime | None, datetime | None, str]]:
    """Spans that follow each other with the same clocks are one."""
    last: tuple[datetime | None, datetime | None, str] | None = None
    for entry in spans:
        if last is not None and last[1] == entry[0] and last[2] == entry[2]:
            last = (last[0], entry[1], entry[2])
            continue
        if last is not None:
            yield last
        last = entry
    if last is not None:
        yield last


def _clocks(moments: Collection[Moment]) -> str:
    """Hours, and days of the week where they matter: `mon tue 08:00-18:00`."""
    hours: dict[str | None, list[str]] = {}
    for moment in sorted(moments, key=lambda moment: moment.hours[0] if moment.hours else datetime.min.time()):
        first, last = moment.hours or (None, None)
        if first is None:
            hours.setdefault(moment.weekday, [])
            continue
        mine = hours.setdefault(moment.weekday, [])
        begin, end = f"{first:%H:%M}", f"{last:%H:%M}" if last else "24:00"
        if mine and mine[-1].endswith(f"-{begin}"):
            begin = mine.pop().partition("-")[0]
        mine.append(f"{begin}-{end}")
    days: dict[tuple[str, ...], list[str]] = {}
    for weekday, clocks in hours.items():
        days.setdefault(tuple(clocks), []).append(weekday or "")
    return "; ".join(" ".join(filter(None, (*names, ", ".join(clocks)))) for clocks, names in days.items())
