"""How long a decision takes, and how long a policy set takes to be made ready: ours, plain and compiled, beside Cedar.

All three hold the same set, of the size that a province has (50 rules, 400 fields, 40 clients, 20 purposes), and are
asked the same questions; nothing is timed before they have given the same answers. A round asks each in turn, in an
order that is turned by one from round to round. Times are of this process alone, one question after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from random import Random
from time import perf_counter
from typing import Any

import cedarpy

from policies.compiler import compile_policies
from policies.conditions import Condition
from policies.interpreter import decide
from policies.model import Catalogue, Facts, Field
from policies.policyset import Policy, PolicySet
from tests.benchmarks.table import aligned, summary
from tests.edges.drafts import NOON, facts, shipped
from tests.promises.cedar import Referee
from tests.promises.cedar_export import exported

NAME = "policy"
TITLE = "one decision of {rules} rules, {fields} fields, {clients} clients, {purposes} purposes"
RULES, FIELDS, CLIENTS, PURPOSES = 50, 400, 40, 20
QUESTIONS = 400
FEW = 25  # questions for who needs longer: each gives as many points as its type has fields
REGIONS = ("370000", "370200", "310000", "320000", "110000", None)
Point = tuple[Facts, Field]
Figures = dict[str, float]


class Different(RuntimeError):
    """Two of them do not decide the same."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The set and the questions."""

    policies: PolicySet
    questions: Sequence[Facts]

    @property
    def size(self) -> dict[str, int]:
        c = self.policies.catalogue
        return {
            "rules": sum(len(policy.rules) for policy in self.policies.policies),
            "fields": sum(len(record.fields) for record in c.types.values()),
            "clients": len({asked.client_id for asked in self.questions}),
            "purposes": len(c.purposes),
        }

    def everything(self) -> Iterator[Facts]:
        """What every client may ask for every purpose, of each type and kind."""
        c = self.policies.catalogue
        for client in {asked.client_id: asked for asked in self.questions}.values():
            for purpose in c.purposes:
                asked = replace(client, purpose=purpose, consent=False, own=False)
                for record in c.types.values():
                    for kind in record.kinds:
                        given = frozenset({c.kinds[kind].key})
                        yield replace(asked, type=record.name, kind=kind, given=given)

    def points(self, questions: int) -> list[Point]:
        types = self.policies.catalogue.types
        return [(asked, item) for asked in self.questions[:questions] for item in types[asked.type].fields.values()]


def scale(questions: int = QUESTIONS) -> Scale:
    """The shipped set brought to the size: fields and purposes cut, rules of cities added or the last rules cut."""
    whole, random = shipped(), Random(50)
    c = _cut(whole.catalogue)
    left, policies = RULES, list[Policy]()
    for policy in whole.policies:
        policies.append(replace(policy, rules=policy.rules[:left]))
        left -= len(policies[-1].rules)
    policies += [_city(policies[0], number) for number in range(left)]
    clients = [
        (f"client-{number}", random.choice(sorted(c.client_classes)), random.choice(REGIONS),
         frozenset(random.sample(sorted(c.scopes), random.randint(0, len(c.scopes)))))
        for number in range(CLIENTS)
    ]  # fmt: skip
    asked = []
    for number in range(questions):
        client_id, client_class, region, scopes = clients[number % CLIENTS]
        record = c.types[random.choice(sorted(c.types))]
        kind = c.kinds[random.choice(sorted(record.kinds))]
        asked.append(
            facts(
                client_id=client_id, client_class=client_class, region=region, scopes=scopes, type=record.name,
                purpose=random.choice([None, *c.purposes]), consent=random.random() < 0.3, own=random.random() < 0.1,
                given=frozenset({kind.key}), kind=kind.name, province="37",
            )
        )  # fmt: skip
    return Scale(PolicySet(c, tuple(policies)), asked)


def run(rounds: int, tell: Callable[[str], None], questions: int = QUESTIONS) -> dict[str, Any]:
    """The figures of every round, and their summary. Raises Different when the three do not decide the same."""
    trial = scale(questions)
    compare(trial)
    found: dict[str, list[Figures]] = {name: [] for name in CONTESTANTS}
    for number in range(rounds):
        turn = number % len(CONTESTANTS)
        for name in [*CONTESTANTS, *CONTESTANTS][turn : turn + len(CONTESTANTS)]:
            tell(f"{NAME}: round {number + 1} of {rounds}, {name}")
            found[name].append(CONTESTANTS[name](trial))
    return {
        "scenario": NAME,
        "title": TITLE.format(**trial.size),
        "size": trial.size,
        "cedarpy": version("cedarpy"),
        "summary": {name: summary(each) for name, each in found.items()},
        "rounds": found,
    }


def compare(trial: Scale) -> None:
    """Whether all three decide the same of every point."""
    compiled, referee = compile_policies(trial.policies, NOON), Referee(trial.policies)
    points = trial.points(FEW)
    for (asked, item), ruled in zip(points, referee.decide_all(points), strict=True):
        plain, fast = decide(trial.policies, asked, item), compiled.decide(asked, item)
        if not plain.effect == fast.effect == ruled.effect:
            raise Different(f"{item.coordinate}: {plain.effect}, compiled {fast.effect}, cedar {ruled.effect}")


def lines(result: Mapping[str, Any]) -> list[str]:
    """Median (least-most) of the rounds; how often the compiled decision fits into that of the others."""
    summaries = result["summary"]
    ours = summaries["compiled"]["decision us"]["median"]
    rows = [
        ("", "ready ms", "least-most", "whole ms", "a decision us", "least-most", "compiled is", "first us", "bulk us")
    ]
    for name, s in summaries.items():
        each = s["decision us"]
        rows.append(
            (
                name, _of(s, "ready ms", "median"), _spread(s, "ready ms"), _of(s, "whole ms", "median"),
                _of(s, "decision us", "median"),
                _spread(s, "decision us"), f"{each['median'] / ours:.0f} x", _of(s, "first us", "median"),
                _of(s, "bulk us", "median"),
            )
        )  # fmt: skip
    return aligned(rows)


def _compiled(trial: Scale) -> Figures:
    """`first`: questions that nobody has asked, each row reckoned for all its fields; `decision`: what is asked again;
    `bulk`: the row alone, which holds all fields of a question; `whole`: made ready, and every question asked once."""
    start = perf_counter()
    compiled = compile_policies(trial.policies, NOON)
    ready = perf_counter() - start
    points = trial.points(len(trial.questions))
    start = perf_counter()
    for asked in trial.questions:
        compiled.row(asked)
    first = perf_counter() - start
    start = perf_counter()
    for asked, item in points:
        compiled.row(asked).decision(item.name)
    each = perf_counter() - start
    start = perf_counter()
    for asked in trial.questions:
        compiled.row(asked)
    bulk = perf_counter() - start
    start, many = perf_counter(), len(points)
    fresh = compile_policies(trial.policies, NOON)
    for asked in trial.everything():
        fresh.row(asked)
    whole = perf_counter() - start
    return {
        "ready ms": ready * 1e3, "whole ms": whole * 1e3, "decision us": each / many * 1e6,
        "first us": first / many * 1e6, "bulk us": bulk / many * 1e6,
    }  # fmt: skip


def _interpreter(trial: Scale) -> Figures:
    points = trial.points(FEW)
    start = perf_counter()
    for asked, item in points:
        decide(trial.policies, asked, item)
    return {"decision us": (perf_counter() - start) / len(points) * 1e6}


def _cedar(trial: Scale) -> Figures:
    """`ready`: the text parsed, what stands in it exported before; `decision`: one call for one field, a request for
    each step of its ladder; `bulk`: all fields of all questions in one call."""
    text = "\n".join(exported(trial.policies))
    start = perf_counter()
    cedarpy.PolicySet.from_str(text)
    ready = perf_counter() - start
    referee, points = Referee(trial.policies), trial.points(FEW)
    start = perf_counter()
    for asked, item in points:
        referee.decide(asked, item)
    each = perf_counter() - start
    start = perf_counter()
    referee.decide_all(points)
    bulk = perf_counter() - start
    return {
        "ready ms": ready * 1e3, "decision us": each / len(points) * 1e6, "bulk us": bulk / len(points) * 1e6
    }  # fmt: skip


def _cut(c: Catalogue) -> Catalogue:
    """The same with so many fields and purposes: the last fields of the longest types are left out."""
    types = dict(c.types)
    while sum(len(record.fields) for record in types.values()) > FIELDS:
        longest = max(types.values(), key=lambda record: len(record.fields))
        types[longest.name] = replace(longest, fields=dict(list(longest.fields.items())[:-1]))
    return replace(c, types=types, purposes=dict(list(c.purposes.items())[:PURPOSES]))


def _city(like: Policy, number: int) -> Policy:
    """A city's file with one limit: its days leave as months."""
    name = f"city-{number}"
    when = Condition(kinds=frozenset({"date"}), types=frozenset({"AdministrativePenalty"}))
    limit = replace(like.rules[0], id=f"{name}/months", grants=False, step="month", when=when, excepts=())
    return replace(like, id=name, kind="city", region=f"37{number + 1:02d}", rules=(limit,), rows=())


def _of(found: Mapping[str, Mapping[str, float]], name: str, which: str) -> str:
    return f"{found[name][which]:.3g}" if name in found else "-"


def _spread(found: Mapping[str, Mapping[str, float]], name: str) -> str:
    return f"{_of(found, name, 'min')}-{_of(found, name, 'max')}" if name in found else "-"


CONTESTANTS: Mapping[str, Callable[[Scale], Figures]] = {
    "compiled": _compiled, "interpreter": _interpreter, "cedarpy": _cedar
}  # fmt: skip
