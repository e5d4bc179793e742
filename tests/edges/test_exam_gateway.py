"""The exam of another gateway is examined: an honest one passes, and each sown fault is found by its check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.conformance.outcome import Grade
from connectors.kinds import KINDS
from connectors.kinds.peer import Peer
from tests.edges import sown
from tests.edges.another_gateway import EXCHANGING
from tests.edges.crooked import Server
from tests.edges.invented import FIRM, TERMS
from tests.edges.seeded import by_grade, sat
from tests.edges.seeded_gateway import ASKER, TYPES, Gateway, bench, declaration
from tests.edges.sown import Sown

ALL = (1, 2, 3, 4, 5, 6)
ASKED = (1, 2, 3, 4, 6)


async def test_an_honest_gateway_passes_whole() -> None:
    """All six groups are gone through, nothing fails, and what it gives to nobody is named: A once that is declared."""
    gateway = Gateway()
    async with Server(gateway.behaviour()) as server:
        report = await sat(bench(declaration(), server.base), *ALL)
        assert by_grade(report, Grade.FAIL) == by_grade(report, Grade.UNDONE) == {}
        assert by_grade(report, Grade.WARN) == {"never-given": "Permit: of no test subject it gives kinds"}
        assert (report.readiness, report.exit_code) == ("B", 0)
        better = declaration(TYPES.replace("[area,", "[area, kinds,"))
        report = await sat(bench(better, server.base), *ALL)
    assert by_grade(report, Grade.WARN) == {}
    assert (report.readiness, report.exit_code) == ("A", 0)
    done = {result.name for result in report.results}
    assert {"behalf", "wrong-credential", "projection", "batch", "pages", "limit", "unknown", "asked"} <= done
    assert not {"equal", "ranges", "contains", "unnamed"} & done  # nothing of that sort is claimed


async def test_a_gateway_whose_tokens_are_exchanged_passes_too() -> None:
    """The exam's asker has a token as any other has, and a wrong key is known for what it is."""
    async with Server(Gateway().behaviour()) as server:
        report = await sat(bench(declaration(source=EXCHANGING), server.base), *ASKED)
    assert by_grade(report, Grade.FAIL) == by_grade(report, Grade.UNDONE) == {}
    assert "wrong-credential" in {result.name for result in report.results}


async def test_each_question_says_whose_it_is() -> None:
    """The exam asks as itself, for the purpose that was named, by way of this gateway alone; it bears no consent."""
    gateway = Gateway()
    async with Server(gateway.behaviour()) as server:
        await sat(bench(declaration(), server.base), *ASKED)
    assert gateway.purposes == {"gov.licensing"}
    for each in gateway.asked:
        said = each["extensions"].pop("delegation")
        assert (said["sub"], said["class"], said["policies"]) == ("connector-check", "government", [])
        assert said["scopes"] == ["credit.finance", "credit.gov"]
        assert said["act"] == {"sub": ASKER.gateway, "decision": ASKER.exam}
        assert each["extensions"] == {"evidence": {"operator": "li"}}


ANSWERS = [
    ("rows of another subject", "answers"),
    ("keys that change", "answers"),
    ("fields that nobody asked for", "asked"),
    ("values that change with what is asked", "projection"),
    ("the first of a batch alone", "batch"),
    ("subjects in another order", "batch"),
    ("a cursor that skips", "pages"),
    ("a cursor that repeats", "pages"),
    ("a cut without a mark", "pages"),
    ("a mark without a cut", "limit"),
    ("rows for anybody", "unknown"),
    ("an unknown subject is an error", "unknown"),
    ("any key will do", "wrong-credential"),
    ("a wrong key is a breakdown", "wrong-credential"),
]


@pytest.mark.parametrize(("flaw", "check"), ANSWERS, ids=[flaw for flaw, _ in ANSWERS])
async def test_a_gateway_that_does_not_keep_its_word(flaw: str, check: str) -> None:
    """Whatever a gateway's answers get wrong, the check that is for it fails, and readiness is D."""
    async with Server(Gateway(flaw).behaviour()) as server:
        report = await sat(bench(declaration(), server.base), *ASKED)
    assert check in by_grade(report, Grade.FAIL)
    assert (report.readiness, report.exit_code) == ("D", 1)


KIND = [
    (sown.Generous, "projection"),
    (sown.Greedy, "asked"),
    (sown.Talkative, "told"),
    (sown.Writing, "told"),
    (sown.Cutting, "limit"),
    (sown.Believing, "never-given"),
    (sown.Forgetting, "never-given"),
]


@pytest.mark.parametrize(("kind", "check"), KIND, ids=[case[0].__name__.lower() for case in KIND])
async def test_a_kind_that_does_not_keep_the_contract(
    kind: type[Sown], check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever promise the kind breaks, the check that is for it fails, and what is said repeats no value."""
    monkeypatch.setitem(KINDS, "peer", sown.sown(kind, Peer))
    async with Server(Gateway().behaviour()) as server:
        report = await sat(bench(declaration(), server.base), *ASKED)
    assert check in by_grade(report, Grade.FAIL)
    assert FIRM not in str(report.results)


async def test_nobody_is_asked_on_nobodys_behalf() -> None:
    """Without a purpose the gateway is reached and no further, what to say is said, and nothing counts as passed."""
    gateway = Gateway()
    async with Server(gateway.behaviour()) as server:
        report = await sat(bench(declaration(), server.base, asker=None), *ALL)
    assert gateway.asked == []
    assert {"behalf", "answers", "faults", "asked"} <= set(by_grade(report, Grade.UNDONE))
    assert "--purpose" in next(each for each in report.results if each.name == "behalf").outcome.problems[0].fix
    assert (report.readiness, report.wanting, report.exit_code) == ("C", "for B: see what was not done", 2)


@pytest.mark.parametrize("code", ["DELEGATION_REFUSED", "PURPOSE_NOT_HELD", "EVIDENCE_REQUIRED"])
async def test_a_gateway_that_takes_no_such_question_is_not_blamed(code: str) -> None:
    """What it has not registered is not the declaration's fault: not done, with the reason and what to look at."""
    async with Server(Gateway(refuses=code).behaviour()) as server:
        report = await sat(bench(declaration(), server.base), *ALL)
    assert by_grade(report, Grade.FAIL) == {}
    assert "source `main`: " in by_grade(report, Grade.UNDONE)["behalf"]
    assert (report.readiness, report.exit_code) == ("C", 2)


async def test_what_decides_and_never_comes_is_told() -> None:
    """A field by which rows are judged here, and which the gateway gives to nobody, would leave all of them out."""
    judged = replace(TERMS.types["Permit"], control=frozenset({"kinds"}))
    async with Server(Gateway().behaviour()) as server:
        examined = bench(declaration(), server.base, terms=replace(TERMS, types={"Permit": judged}))
        report = await sat(examined, *ASKED)
    [problem] = next(each for each in report.results if each.name == "never-given").outcome.problems
    assert "it never gives kinds" in problem.text
    assert "notApplicable" in problem.fix
