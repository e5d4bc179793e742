"""A prepared judge finds what the plain one finds: for any rules, type, row, birth and day, the same judgement."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from policies.calendar_days import Span
from policies.judging import Judge
from policies.model import UNKNOWN_CONTROL, RecordType, RowRule, Words
from policies.rows import can_match, judge, without
from tests.edges.drafts import SHANGHAI, catalogue
from tests.edges.trial_sets import TRIALS, share

POINTS = share(24_000)
TODAY = date(2026, 11, 24)
DAYS = (date.max, TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=1), date(2024, 2, 29), date(2023, 11, 24),
        date(2021, 11, 24), date(2021, 11, 25), date(2012, 2, 29), date(1, 1, 1))  # fmt: skip
BIRTHS = (None, date(2008, 11, 24), date(2008, 2, 29), date(2006, 2, 28), date(1990, 1, 1), date(2024, 2, 29))
CODES = ("ACTIVE", "REPAIRED", "REVOKED", "MINOR", "SERIOUS")
ANCHORS = ("retention_anchor", "recognition", "publication", "document")
WORDS = tuple(item.name for item in fields(RowRule) if item.name not in {"rule", "reason", "effect", "label", "since"})
DAYS_OF, CODES_OF = (*ANCHORS, "publicity_end", "event", "objected"), ("severity", "procedure", "kinds")


def rule(random: Random) -> RowRule:
    words: dict[str, Any] = {
        "status": frozenset(random.sample(CODES, 3)),
        "severity": frozenset(random.sample(CODES, 3)),
        "procedure": frozenset(random.sample(CODES, 3)),
        "only_kinds": frozenset(random.sample(CODES, 3)),
        "negative": random.random() < 0.5,
        "minor": random.random() < 0.5,
        "publicity_over": random.random() < 0.5,
        "older_than": random.choice((Span(), Span(months=1), Span(months=24), Span(months=60), Span(days=366))),
        "since": random.choice(ANCHORS),
        "overdue_after": random.choice((1, 3, 20)),
    }
    chosen = random.sample(sorted(words), random.choice((0, 1, 1, 1, 2, 2, 3)))
    if "older_than" in chosen:
        chosen = sorted({*chosen, "since"})
    effect = random.choice(("hide", "mark", "mark", "mark", "mark"))
    label = random.choice(("A", "B", "C", "", None)) if effect == "mark" or random.random() < 0.2 else None
    name = f"r/{random.randrange(6)}"
    return RowRule(name, Words("试", "try"), effect, label, **{word: words[word] for word in chosen})


def record_type(random: Random) -> RecordType:
    """A shipped type, some of whose roles are played by nobody."""
    record = random.choice(sorted(catalogue().types.values(), key=lambda each: each.name))
    roles = record.roles
    for role in DAYS_OF:
        if random.random() < 0.3:
            played: dict[str, Any] = {role: random.choice((None, roles.date, f"its {role}"))}
            roles = replace(roles, **played)
    for role in CODES_OF:
        if random.random() < 0.8:
            played = {role: random.choice((None, *[f"its {role}"] * 4))}
            roles = replace(roles, **played)
    record = replace(record, roles=roles, negative=random.random() < 0.5)
    return without(record, random.sample(sorted(record.control), 1)) if random.random() < 0.3 else record


def value(random: Random) -> Any:
    day = random.choice(DAYS)
    noon = datetime.combine(min(day, date(9999, 12, 30)), time(random.choice((0, 12, 20))))
    return random.choice(
        [day, day, day, None, noon, noon.replace(tzinfo=UTC), day.isoformat(), 0, "ACTIVE", ("ACTIVE",)]
    )


def row(random: Random, record: RecordType) -> dict[str, Any]:
    roles = record.roles
    names = {getattr(roles, role) for role in DAYS_OF} - {None}
    values: dict[str, Any] = {str(name): value(random) for name in sorted(map(str, names))}
    for name in (roles.status, roles.severity, roles.procedure):
        values[str(name)] = random.choice((*CODES, *CODES, None, 1, ["ACTIVE"]))
    held = random.sample(CODES, random.choice((0, 1, 1, 2, 3)))
    values[str(roles.kinds)] = random.choice((tuple(held), tuple(held), held, (*held, None), "ACTIVE", None))
    return {name: held for name, held in values.items() if random.random() < 0.95}


def test_the_prepared_judge_is_the_plain_one() -> None:
    """Over tens of thousands of random rules and rows, known, unknown and odd, both hide, mark and show alike."""
    random, seen = Random(5), Counter[str]()
    for _ in range(POINTS // 6):
        record = record_type(random)
        rules = [rule(random) for _ in range(random.choice((0, 1, 1, 2, 4, 8)))]
        prepared = Judge(rules, record)
        for _ in range(6):
            values, birth = row(random, record), random.choice(BIRTHS)
            at = datetime.combine(random.choice((TODAY, TODAY, date(2028, 2, 29))), time(random.randrange(24)), UTC)
            plain = judge(rules, record, values, birth, at)
            today = at.astimezone(SHANGHAI).date()
            assert prepared.of(values, birth, today) == plain, (rules, record.name, values, birth)
            seen["points"] += 1
            kind = "shown" if plain.shown else "unknown" if plain.rule == UNKNOWN_CONTROL else "hidden"
            seen["marked" if plain.labels else kind] += 1
            seen["two labels"] += len(plain.labels) > 1
            deciding = next((each for each in rules if each.rule == plain.rule), None)
            if deciding is not None:
                seen.update(word for word in WORDS if getattr(deciding, word) not in (None, frozenset()))
            seen["a person"] += birth is not None and any(each.minor is not None for each in rules)
    assert seen["points"] == POINTS // 6 * 6
    if TRIALS < 1:
        return  # too few to have met everything
    assert min(seen["shown"], seen["hidden"], seen["unknown"], seen["marked"]) > 1_000
    assert min(seen["two labels"], seen["a person"]) > 200
    assert min(seen[word] for word in WORDS) > 200, "each word of the vocabulary decides"


def test_what_cannot_match_never_does() -> None:
    """A rule of one word is told of a type and a kind of subject just when some row of them could meet it."""
    random, seen = Random(9), Counter[tuple[str, bool]]()
    while seen.total() < 400:
        record, each, natural = record_type(random), replace(rule(random), effect="hide"), random.random() < 0.5
        words = [word for word in WORDS if getattr(each, word) not in (None, frozenset())]
        if len(words) != 1:
            continue
        births = BIRTHS[1:] if natural else BIRTHS[:1]
        at = datetime.combine(TODAY, time(4), UTC)
        met = any(
            judge([each], record, row(random, record), random.choice(births), at).rule == each.rule for _ in range(80)
        )
        assert met is can_match(each, record, natural), (each, record.roles)
        seen[words[0], met] += 1
    assert len(seen) > 2 * len(WORDS) - 3


def test_rows_leave_nothing_behind() -> None:
    """A judge says of a row what it says of it alone, whatever rows it judged before."""
    random = Random(6)
    for _ in range(200):
        record = record_type(random)
        rules = [rule(random) for _ in range(4)]
        prepared = Judge(rules, record)
        rows = [row(random, record) for _ in range(8)]
        alone = [Judge(rules, record).of(values, BIRTHS[1], TODAY) for values in rows]
        assert [prepared.of(values, BIRTHS[1], TODAY) for values in [*rows, *rows]] == [*alone, *alone]
