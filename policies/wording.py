"""Rules in words, Chinese or English, for the officer who reads them on paper.

Every sentence is made from the rule itself and the catalogue's own words, so that it cannot drift from what
is decided. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from policies.conditions import Condition, During
from policies.model import ALLOW, DENY, Catalogue, Words
from policies.policyset import Policy, Rule

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
        "anyone": "任何人，任何情形",
        "between": "{}的记录，{}的客户",
        "grant": "开放",
        "limit": "限制为",
        "except": "除外",
        "inside": "记录所在省内",
        "outside": "记录所在省外",
        ALLOW: "完整",
        DENY: "不提供",
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
        "during": "during {}",
        "anyone": "anyone, always",
        "between": "records of {}, clients of {}",
        "grant": "opens as",
        "limit": "limits to",
        "except": "except",
        "inside": "the record's own province",
        "outside": "any other province",
        ALLOW: "full value",
        DENY: "nothing",
    },
}


def sentence(rule: Rule, policy: Policy, catalogue: Catalogue, language: str) -> str:
    """One rule as a sentence: what it does, when, and except when; with what its file's head adds."""
    words = TEMPLATES[language]
    verb = words["grant"] if rule.grants else words["limit"]
    text = f"{verb} {words.get(rule.step, rule.step)} - {condition(rule.when, catalogue, language)}"
    for excepted in rule.excepts:
        text += f"; {words['except']} [{condition(excepted, catalogue, language)}]"
    if policy.kind == "agreement" and policy.provider and policy.consumer:
        places = [_said(place, catalogue.provinces, language) for place in (policy.provider, policy.consumer)]
        titles = {code: purpose.title for code, purpose in catalogue.purposes.items()}
        purposes = " / ".join(_said(code, titles, language) for code in sorted(policy.purposes))
        days = "/".join(f"{day:%Y-%m-%d}" for day in (policy.since, policy.until) if day)
        text += f" ({words['between'].format(*places)}, {words['purposes'].format(purposes)}, {days})"
    return text


def condition(when: Condition, catalogue: Catalogue, language: str) -> str:
    """One condition, word by word."""
    return ", ".join(_parts(when, catalogue, language)) or TEMPLATES[language]["anyone"]


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
            yield words[key].format(" / ".join(_said(entry, known, language) for entry in sorted(entries)))
    for key, wanted in (("consent", when.consent), ("agreement", when.agreement), ("own", when.own)):
        if wanted:
            yield words[key]
    if when.during is not None:
        yield words["during"].format(_window(when.during))


def _said(code: str, known: Mapping[str, Words], language: str) -> str:
    return str(getattr(known[code], language)) if code in known else code


def _window(during: During) -> str:
    days = "/".join(str(day) for day in (during.from_, during.until) if day)
    hours = "-".join(f"{clock:%H:%M}" for clock in during.hours or ())
    sign = "not " if during.outside_hours else ""
    return " ".join(
        part for part in (days, f"{sign}{hours}" if hours else "", " ".join(sorted(during.weekdays))) if part
    )
