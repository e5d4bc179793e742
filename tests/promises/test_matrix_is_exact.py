"""The matrix says what is decided: point by point as the interpreter, `explain` and the gateway's own `access`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli import policy_words as words
from gateway.cli.policy import policy
from policies.interpreter import decide, row_rules
from policies.matrix import KEY, NAMED, OPEN, Asker, Cell, Group, Matrix, Section, matrix
from policies.model import Facts, Words
from policies.policyset import PolicySet
from policies.rows import can_match
from tests.edges.drafts import NOON, shipped
from tests.promises.invented_rules import C, laws, questions, sets

EVERY_PURPOSE = [None, *C.purposes]
INSTANT = "2026-11-24T10:00"


def askers() -> st.SearchStrategy[Asker]:
    return questions().map(
        lambda facts: Asker(
            "trial", Words("试", "A trial"), facts.client_class, facts.client_id, facts.region, facts.scopes, None,
            own=facts.own,
        )
    )  # fmt: skip


def groups(section: Section, kind: str, consent: bool, given: str) -> Iterator[Group]:
    """The groups that speak of a kind in a situation."""
    for group in section.groups:
        said = group.situation
        fits = said.consent in (None, consent) and (said.given is None or given in said.given)
        if fits and kind in {entry.name for entry in group.kinds}:
            yield group


def told(found: Matrix, facts: Facts) -> tuple[dict[str, Cell], tuple[Cell, ...]]:
    """What the matrix says to one question: a cell for each field, and the row rules; each is said just once."""
    (section,) = [section for section in found.sections if section.record.name == facts.type]
    (place,) = [
        place
        for place, column in enumerate(section.columns)
        if (column.asker.client_class, column.asker.client_id) == (facts.client_class, facts.client_id)
        and column.own == facts.own
        and facts.purpose in column.purposes
    ]
    given = NAMED if "name" in facts.given else KEY if facts.given else OPEN
    speaking = list(groups(section, facts.kind, facts.consent, given))
    cells = [(line.field.name, line.cells[place]) for group in speaking for line in group.lines]
    assert len(cells) == len(section.record.fields)
    (rows,) = [group.rows[place] for group in speaking if group.rows]
    return dict(cells), rows


@pytest.mark.reckoning
@laws
@given(sets(), askers(), st.sampled_from(sorted(C.types)), st.sampled_from(["37", "31"]), st.data())
def test_every_cell_is_decided(
    policies: PolicySet, asker: Asker, type_name: str, province: str, data: st.DataObject
) -> None:
    """Under any rules, for any caller, a cell is what the interpreter decides for each point that it stands for."""
    found = matrix(policies, [asker], NOON, province, [type_name], EVERY_PURPOSE)
    record = C.types[type_name]
    for _ in range(12):
        kind = C.kinds[data.draw(st.sampled_from(sorted(record.kinds)))]
        facts = Facts(
            asker.client_class,
            asker.client_id,
            asker.region,
            asker.scopes,
            data.draw(st.sampled_from(EVERY_PURPOSE)),
            data.draw(st.booleans()),
            data.draw(st.booleans()) if asker.own else False,
            frozenset(data.draw(st.sampled_from([(kind.key,), (kind.key, "name"), *([] if kind.natural else [()])]))),
            kind.name,
            type_name,
            province,
            NOON,
        )
        cells, rows = told(found, facts)
        for field in record.fields.values():
            decision = decide(policies, facts, field)
            assert cells[field.name] == (decision.effect, decision.rule)
        in_force = [rule for rule in row_rules(policies, facts) if can_match(rule, record, kind.natural)]
        assert rows == tuple((rule.effect, rule.rule) for rule in in_force)


@pytest.mark.reckoning
@settings(laws, max_examples=25)
@given(sets(), askers(), st.sampled_from(sorted(C.types)))
def test_equal_answers_stand_together(policies: PolicySet, asker: Asker, type_name: str) -> None:
    """No two columns of one caller, and no two groups of one situation and class, say the same throughout."""
    for section in matrix(policies, [asker], NOON, "37", [type_name], EVERY_PURPOSE).sections:
        bodies = [
            (column.own, tuple(line.cells[place] for group in section.groups for line in group.lines),
             tuple(group.rows[place] for group in section.groups if group.rows))
            for place, column in enumerate(section.columns)
        ]  # fmt: skip
        assert len(set(bodies)) == len(bodies)
        for column in section.columns:
            assert len(set(column.purposes)) == len(column.purposes)
        said = [
            (group.kinds[0].natural, group.situation, tuple((line.field.name, line.cells) for line in group.lines),
             group.rows)
            for group in section.groups
            if not group.parted
        ]  # fmt: skip
        assert len(set(said)) == len(said)


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(policy, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("caller", "purpose"),
    [
        ("31/government+credit.gov,credit.restricted", "gov.licensing"),
        ("370000/court+credit.gov", "court.execution"),
        ("public", "gov.licensing"),
    ],
)
def test_explain_says_the_same(tmp_path: Path, caller: str, purpose: str) -> None:
    """For the same caller, purpose and field, `explain` names the effect and the rule that stand in the matrix."""
    home, record = tmp_path / "none", C.types["AdministrativePenalty"]
    asker = words.caller(home, caller, shipped())
    found = matrix(shipped(), [asker], words.instant(INSTANT), "37", [record.name], [purpose])
    for kind in ("Enterprise", "NaturalPerson"):
        (group,) = groups(found.sections[0], kind, False, KEY)
        for line in group.lines[9::24]:
            said = run(
                "explain", "--home", home, "--as", caller, "--purpose", purpose, "--subject", kind,
                "--field", line.field.coordinate, "--at", INSTANT,
            ).splitlines()  # fmt: skip
            if caller == "public":  # which holds no purpose: what the rules alone would say stands beneath
                assert said.pop(0).startswith("refused  public is not registered for `gov.licensing`")
            assert said[0].startswith(f"{line.field.coordinate}  ->  {line.cells[0].effect.upper()} ")
            assert said[2].startswith(f"because  {line.cells[0].rule}: ")


def test_access_says_the_same(house: Any) -> None:
    """What a caller is told by `access`, in the running gateway, is what the officer reads in its home's matrix."""
    query = "query($kind: SubjectKind) { access(kind: $kind) { coordinate effect step rule } }"
    policies = words.draft(words.folder(house.home))
    found = matrix(policies, words.everybody(house.home, policies), words.instant(None), "37", purposes=EVERY_PURPOSE)
    asked = 0
    for asker in found.askers:
        held: list[str | None] = [*sorted(asker.purposes or ())]
        for purpose in held or [None]:
            for kind in C.kinds.values():
                answer = house.ask(query, as_=asker.name, purpose=purpose, kind=kind.name)
                lines = {line["coordinate"]: line for line in answer["data"]["access"]}
                for section in found.sections:
                    if kind.name not in section.record.kinds:
                        continue
                    facts = Facts(
                        asker.client_class, asker.client_id, asker.region, asker.scopes, purpose, False, False,
                        frozenset({kind.key}), kind.name, section.record.name, "37", found.at,
                    )  # fmt: skip
                    for name, cell in told(found, facts)[0].items():
                        line = lines[section.record.fields[name].coordinate]
                        effect = line["step"] or line["effect"].lower()
                        assert (effect, line["rule"]) == cell
                        asked += 1
    assert asked > 1000
