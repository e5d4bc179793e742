"""Rules in words, Chinese or English, for the officer who reads them on paper.

Every sentence is made from the rule itself and the catalogue's own words, so that it cannot drift from what
is decided. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from policies.calendar_days import Span
from policies.conditions import DAYS, Condition, During
from policies.model import ALLOW, DENY, Catalogue, Facts, RowRule, Words
from policies.policyset import Policy, Row, Rule

ALL = {"scopes", "given"}  # words of which every entry is needed; of all others one is enough
TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "clients": "客户类别：{}",
        "regions": "客户所在地区：{}",
        "ids": "客户：{}",
        "scopes": "须有权限：{}",
        "purposes": "目的：{}",
        "consent": "须有主体授权",
        "agreement": "须有生效的互查协议",
        "own": "仅限本人",
        "given": "须同时提供：{}",
        "subjects": "主体：{}",
        "types": "记录：{}",
        "classes": "公开类别：{}",
        "tags": "标签：{}",
        "names": "数据项：{}",
        "kinds": "数据种类：{}",
        "during": "时间：{}",
        "from": "自{}起",
        "before": "{}之前",
        "outside hours": "{}以外",
        "both": " 和 ",
        "records of": "{}的记录",
        "anyone": "任何人，任何情形",
        "between": "{}的记录，{}的客户",
        "grant": "开放",
        "limit": "限制为",
        "except": "除外",
        "inside": "记录所在省内",
        "outside": "记录所在省外",
        "hide": "不展示记录",
        "mark": "标注记录为 {}",
        "status": "状态：{}",
        "severity": "失信程度：{}",
        "procedure": "处罚程序：{}",
        "only kinds": "处罚类别仅为：{}",
        "negative": "属于不良信息",
        "positive": "不属于不良信息",
        "minor": "事发时为未成年人",
        "adult": "事发时为成年人",
        "over": "公示期已满",
        "current": "公示期未满",
        "older": "自{}起满{}",
        "retention_anchor": "行为终了之日",
        "recognition": "认定之日",
        "publication": "公示之日",
        "document": "文书作出之日",
        "years": "{}年",
        "months": "{}个月",
        "days": "{}日",
        "overdue": "异议提出后已过{}个工作日",
        "any row": "任何记录",
        ALLOW: "完整",
        DENY: "不提供",
        "surname": "姓氏",
        "pseudonym": "化名",
        "tail4": "后四位",
        "keep3_4": "前三后四",
        "county": "县级",
        "city": "市级",
        "month": "年月",
        "year": "年份",
        "bucket": "金额区间",
        "scrub": "隐去他人姓名和号码",
    },
    "en": {
        "clients": "client: {}",
        "regions": "the client's region: {}",
        "ids": "client id: {}",
        "scopes": "with scope {}",
        "purposes": "for {}",
        "consent": "with the subject's consent",
        "agreement": "under an agreement in force",
        "own": "only about oneself",
        "given": "when the question gives {}",
        "subjects": "subject: {}",
        "types": "record: {}",
        "classes": "class: {}",
        "tags": "tag: {}",
        "names": "field: {}",
        "kinds": "kind of field: {}",
        "during": "{}",
        "from": "from {}",
        "before": "before {}",
        "outside hours": "outside {}",
        "both": " and ",
        "records of": "records of {}",
        "anyone": "anyone, always",
        "between": "records of {}, clients of {}",
        "grant": "opens as",
        "limit": "limits to",
        "except": "except",
        "inside": "the record's own province",
        "outside": "any other province",
        "hide": "hides records",
        "mark": "marks records as {}",
        "status": "state: {}",
        "severity": "severity: {}",
        "procedure": "procedure: {}",
        "only kinds": "nothing imposed but: {}",
        "negative": "negative",
        "positive": "not negative",
        "minor": "the person was a minor then",
        "adult": "the person was of age then",
        "over": "publicity is over",
        "current": "publicity is not over",
        "older": "from {}, {} or more have passed",
        "retention_anchor": "the end of the conduct",
        "recognition": "the day of recognition",
        "publication": "the day of publication",
        "document": "the day of the document",
        "years": "{} years",
        "months": "{} months",
        "days": "{} days",
        "overdue": "more than {} working days after the objection",
        "any row": "any record",
        ALLOW: "full value",
        DENY: "nothing",
        "keep3_4": "first 3 and last 4",
        "tail4": "last 4",
        "bucket": "band",
        "scrub": "without names and numbers of persons",
    },
}


def sentence(rule: Rule, policy: Policy, catalogue: Catalogue, language: str) -> str:
    """One rule as a sentence: what it does, when, and except when; with what its file's head adds."""
    words = TEMPLATES[language]
    verb = words["grant"] if rule.grants else words["limit"]
    return (
        f"{verb} {step(rule.step, language)} - {_when(rule, catalogue, language)}{_head(policy, catalogue, language)}"
    )


def row_sentence(row: Row, policy: Policy, catalogue: Catalogue, language: str) -> str:
    """One row rule as a sentence: what it does to which records, when, and except when; with its file's head."""
    words = TEMPLATES[language]
    verb = words[row.rule.effect].format(row.rule.label)
    records = ", ".join(_records(row.rule, catalogue, language)) or words["any row"]
    return f"{verb} - {records} - {_when(row, catalogue, language)}{_head(policy, catalogue, language)}"


def _head(policy: Policy, catalogue: Catalogue, language: str) -> str:
    """What the head of a file is to each of its rules: whose records, for what, and until when."""
    words, provinces = TEMPLATES[language], catalogue.provinces
    said: list[str] = []
    if policy.region is not None:
        said.append(words["records of"].format(_said(policy.region, provinces, language)))
    if policy.kind == "agreement" and policy.provider and policy.consumer:
        places = [_said(place, provinces, language) for place in (policy.provider, policy.consumer)]
        titles = {code: purpose.title for code, purpose in catalogue.purposes.items()}
        purposes = " / ".join(_said(code, titles, language) for code in sorted(policy.purposes))
        said += [words["between"].format(*places), words["purposes"].format(purposes)]
    if policy.until is not None:
        said.append(_days(policy.since, policy.until, language))
    return f" ({', '.join(said)})" if said else ""


def asked(facts: Facts) -> str:
    """A question as a finding names it: who asks, for what, about whom; never a value, for it has none."""
    scopes = f"+{','.join(sorted(facts.scopes))}" if facts.scopes else ""
    said = [
        f"{facts.region or 'no region'}/{facts.client_class}{scopes}: purpose {facts.purpose or 'none'}",
        f"records of {facts.province}",
        f"subject {facts.kind}",
        f"client {facts.client_id}" if facts.client_id else "",
        "consent" if facts.consent else "",
        "about itself" if facts.own else "",
        f"giving {', '.join(sorted(facts.given))}" if facts.given else "",
        f"at {facts.at:%Y-%m-%d %H:%M}",
    ]
    return "; ".join(part for part in said if part)


def step(name: str, language: str) -> str:
    """`allow`, `deny` or a step of a ladder; a step without words is told by its own name."""
    return TEMPLATES[language].get(name, name)


def condition(when: Condition, catalogue: Catalogue, language: str) -> str:
    """One condition, word by word."""
    return ", ".join(_parts(when, catalogue, language)) or TEMPLATES[language]["anyone"]


def _when(rule: Rule | Row, catalogue: Catalogue, language: str) -> str:
    text = condition(rule.when, catalogue, language)
    for excepted in rule.excepts:
        text += f"; {TEMPLATES[language]['except']} [{condition(excepted, catalogue, language)}]"
    return text


def _records(rule: RowRule, catalogue: Catalogue, language: str) -> Iterator[str]:
    words = TEMPLATES[language]
    for role, word, codes in (
        ("status", "status", rule.status),
        ("severity", "severity", rule.severity),
        ("procedure", "procedure", rule.procedure),
        ("kinds", "only kinds", rule.only_kinds),
    ):
        if codes:
            known = _vocabulary(catalogue, role, codes)
            yield words[word].format(" / ".join(_said(code, known, language) for code in sorted(codes)))
    for value, yes, no in (
        (rule.negative, "negative", "positive"),
        (rule.minor, "minor", "adult"),
        (rule.publicity_over, "over", "current"),
    ):
        if value is not None:
            yield words[yes if value else no]
    if rule.older_than is not None:
        yield words["older"].format(words[rule.since], span(rule.older_than, language))
    if rule.overdue_after is not None:
        yield words["overdue"].format(rule.overdue_after)


def span(length: Span, language: str) -> str:
    """A time that has to pass, in years where it is whole years."""
    words = TEMPLATES[language]
    years, months = divmod(length.months, 12)
    if years and not months:
        return words["years"].format(years)
    return words["months"].format(length.months) if length.months else words["days"].format(length.days)


def _vocabulary(catalogue: Catalogue, role: str, codes: Collection[str]) -> Mapping[str, Words]:
    """The code list of the first type whose field of that role holds these codes; empty when none does."""
    for record in catalogue.types.values():
        field = record.fields.get(getattr(record.roles, role) or "")
        known = catalogue.vocabularies.get(field.vocabulary or "", {}) if field else {}
        if set(codes) <= known.keys():
            return known
    return {}


def _parts(when: Condition, catalogue: Catalogue, language: str) -> Iterator[str]:
    words, c = TEMPLATES[language], catalogue
    titles: Mapping[str, Words] = {kind: entry.title for kind, entry in c.kinds.items()}
    types: Mapping[str, Words] = {name: entry.title for name, entry in c.types.items()}
    purposes: Mapping[str, Words] = {code: entry.title for code, entry in c.purposes.items()}
    regions = {**c.provinces, **{side: Words(words[side], words[side]) for side in ("inside", "outside")}}
    lists: tuple[tuple[str, Collection[str], Mapping[str, Words]], ...] = (
        ("clients", when.clients, c.client_classes),
        ("regions", when.regions, regions),
        ("ids", when.ids, {}),
        ("scopes", when.scopes, {}),
        ("purposes", when.purposes, purposes),
        ("given", when.given, {}),
        ("subjects", when.subjects, titles),
        ("types", when.types, types),
        ("classes", when.classes, {}),
        ("tags", when.tags, {}),
        ("names", when.names, {}),
        ("kinds", when.kinds, {}),
    )
    for key, entries, known in lists:
        if entries:
            between = words["both"] if key in ALL else " / "
            yield words[key].format(between.join(_said(entry, known, language) for entry in sorted(entries)))
    for key, wanted in (("consent", when.consent), ("agreement", when.agreement), ("own", when.own)):
        if wanted:
            yield words[key]
    if when.during is not None:
        yield words["during"].format(_window(when.during, language))


def _said(code: str, known: Mapping[str, Words], language: str) -> str:
    return str(getattr(known[code], language)) if code in known else code


def _window(during: During, language: str) -> str:
    words = TEMPLATES[language]
    hours = "-".join(f"{clock:%H:%M}" for clock in during.hours or ())
    clocks = words["outside hours"].format(hours) if during.outside_hours else hours
    weekdays = " ".join(day for day in DAYS if day in during.weekdays)
    return ", ".join(part for part in (_days(during.from_, during.until, language), clocks, weekdays) if part)


def _days(from_: date | None, until: date | None, language: str) -> str:
    """The second day is the first on which it is over."""
    words = TEMPLATES[language]
    return ", ".join(words[word].format(f"{day:%Y-%m-%d}") for word, day in (("from", from_), ("before", until)) if day)
