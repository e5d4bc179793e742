"""The words of a matrix: cells, columns, situations and rules as an officer reads them, in Chinese and English.

All formats say the same; what they say is made from the set itself. Nothing here decides or computes an answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from policies import wording
from policies.conditions import SHANGHAI
from policies.matrix import KEY, NAMED, OPEN, Asker, Cell, Column, Group, Matrix, Section
from policies.model import ALLOW, DENY, NO_GRANT, SILENCE, Catalogue, LegalBasis, Words
from policies.policyset import PolicySet, Row, Rule

NO_PURPOSE = Words("未说明目的", "no purpose")
ANY_PURPOSE = Words("任何目的", "any purpose")
NOT_HELD = Words("未登记的目的：拒绝提问", "not registered: such a question is refused")
ROWS = Words("不展示或加注的记录", "Records that are hidden or marked")
SELF, OTHER = Words("查询本人", "about itself"), Words("查询他人", "about somebody else")
GIVEN = {
    OPEN: Words("按名称搜索或按名单查询", "sought by name or list"),
    KEY: Words("只给出代码或证件号", "key alone"),
    NAMED: Words("同时给出姓名或名称", "key and name"),
}
SYMBOLS = {ALLOW: "●", DENY: "○", "hide": "⊘", "mark": "⚑"}
MASKED = "◐"
FEW = 3  # exceptions after which a family of purposes is listed instead


@dataclass(frozen=True, slots=True)
class Note:
    """A rule that stands in a cell, under the number by which cells refer to it."""

    number: int
    id: str
    sentence: Words
    why: Words
    law: str
    contact: str
    policy: Words
    where: str


def notes(found: Matrix, policies: PolicySet) -> dict[str, Note]:
    """Every rule of the matrix by its id, numbered in the order of the set; silence is the last."""
    c = policies.catalogue
    told: dict[str, Note] = {}
    for policy in policies.policies:
        rules: list[Rule | Row] = [*policy.rules, *sorted(policy.rows, key=lambda row: row.rule.rule)]
        for rule in rules:
            name = rule.rule.rule if isinstance(rule, Row) else rule.id
            if name not in found.rules:
                continue
            if isinstance(rule, Row):
                sentence = Words(*(wording.row_sentence(rule, policy, c, language) for language in ("zh", "en")))
                why = rule.rule.reason
            else:
                sentence = Words(*(wording.sentence(rule, policy, c, language) for language in ("zh", "en")))
                why = rule.why
            number = len(told) + 1
            told[name] = Note(
                number, name, sentence, why, law(rule.law), policy.contact or "", policy.title, rule.where
            )  # fmt: skip
    if NO_GRANT in found.rules:
        none = Words("", "")
        told[NO_GRANT] = Note(len(told) + 1, NO_GRANT, SILENCE, none, "", "", none, "")
    return told


def law(basis: Sequence[LegalBasis]) -> str:
    return "；".join(f"{entry.text} [{entry.mark}]" for entry in basis)


def symbol(cell: Cell) -> str:
    return SYMBOLS.get(cell.effect, MASKED)


def effect(cell: Cell) -> Words:
    """`可见`, `脱敏(姓氏)`, `不可见`, and the same in English."""
    if cell.effect == ALLOW:
        return Words("可见", "visible")
    if cell.effect == DENY:
        return Words("不可见", "closed")
    if cell.effect in {"hide", "mark"}:
        return Words("隐藏", "hidden") if cell.effect == "hide" else Words("加注", "marked")
    return Words(f"脱敏({wording.step(cell.effect, 'zh')})", f"masked ({wording.step(cell.effect, 'en')})")


def purposes(column: Column, catalogue: Catalogue) -> list[Words]:
    """The purposes of a column, as short as is exact: the title of one, and its code or that of its family."""
    if column.asker.purposes is None and everything(column.purposes, catalogue):
        return [ANY_PURPOSE]
    said = []
    for code, missing in families(column.purposes, catalogue):
        if code is None:
            said.append(NO_PURPOSE)
        elif code in catalogue.purposes:
            said.append(Words(catalogue.purposes[code].title.zh, code))
        elif missing:
            said.append(Words(f"{code} 其余各项", f"{code} except {', '.join(missing)}"))
        else:
            said.append(Words(f"{code} 各项", f"all of {code}"))
    return said


def listed(purposes: Collection[str | None], catalogue: Catalogue) -> str:
    """The same for a sheet: `none; gov.* except gov.land; court.execution`, or `any`."""
    if everything(purposes, catalogue):
        return "any"
    return "; ".join(
        f"{code or 'none'}{' except ' if missing else ''}{', '.join(missing)}"
        for code, missing in families(purposes, catalogue)
    )


def everything(purposes: Collection[str | None], catalogue: Catalogue) -> bool:
    return set(purposes) == {None, *catalogue.purposes}


def families(purposes: Collection[str | None], catalogue: Catalogue) -> Iterator[tuple[str | None, list[str]]]:
    """Purposes in the catalogue's order; a family that is there but for a few is one entry with those few."""
    if None in purposes:
        yield None, []
    found: dict[str, list[str]] = {}
    for code in catalogue.purposes:
        found.setdefault(code.partition(".")[0], []).append(code)
    for family, codes in found.items():
        inside = [code for code in codes if code in purposes]
        missing = [code for code in codes if code not in purposes]
        if len(inside) > FEW >= len(missing):
            yield f"{family}.*", missing
        else:
            yield from ((code, []) for code in inside)


def codes(column: Column) -> str:
    """Exactly the purposes of a column, with spaces; `none` is no purpose."""
    return " ".join(purpose or "none" for purpose in column.purposes)


def about(column: Column) -> Words | None:
    """Whom the caller asks about, where that is told."""
    return (SELF if column.own else OTHER) if column.asker.own else None


def situation(group: Group) -> list[Words]:
    """What else the question has, where that changes an answer."""
    found, said = group.situation, []
    if found.consent is not None:
        said.append(Words("有主体授权", "with consent") if found.consent else Words("无主体授权", "without consent"))
    if found.given is not None:
        words = [GIVEN[word] for word in found.given]
        said.append(Words("或".join(word.zh for word in words), " or ".join(word.en for word in words)))
    if group.parted and not said:
        said.append(Words("任何情形相同", "the same in every case"))
    return said


def heading(group: Group) -> Words:
    """Kinds of subject and what else the question has, in one line."""
    said = [kinds(group), *situation(group)]
    return Words(" · ".join(words.zh for words in said), " · ".join(words.en for words in said))


def kinds(group: Group) -> Words:
    return Words("、".join(kind.title.zh for kind in group.kinds), ", ".join(kind.title.en for kind in group.kinds))


def asker(who: Asker, catalogue: Catalogue) -> Words:
    """What a caller is: its class, and where."""
    title = catalogue.client_classes[who.client_class]
    place = catalogue.provinces.get((who.region or "")[:2])
    return Words(f"{title.zh}，{place.zh}", f"{title.en}, {place.en}") if place else title


def spans(section: Section) -> Iterator[tuple[Asker, int]]:
    """Callers of a section with how many of its columns each has."""
    for who in dict.fromkeys(column.asker.name for column in section.columns):
        columns = [column for column in section.columns if column.asker.name == who]
        yield columns[0].asker, len(columns)


def when(at: datetime | None) -> str:
    """An instant in Asia/Shanghai, as far as minutes."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""


def guarded(text: str) -> str:
    """The text as no sheet takes it for a formula: whatever begins like one gets an apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
