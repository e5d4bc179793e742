"""Answers of all chunks -> what the whole says of itself: complete or not, sources, withheld, errors, each subject.

Positions become those of the whole list. Nothing becomes more complete by being put together: one partial chunk,
or one that was decided under another policy, makes the whole partial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.cli.asking import DENIED, PARTIAL, outcome
from gateway.cli.batch.keeping import Chunk, Range
from gateway.cli.batch.question import OWN, Question, Shape
from gateway.cli.batch.verdicts import may_be_mended, worst
from gateway.model import FULL, join

ALL, SOME, NOTHING = "complete", "partial", "refused"


@dataclass(slots=True)
class Whole:
    """`states` has one word for each subject, `mendable` the chunks that may give more when asked again; `listed` are
    paths below a subject at which lists of objects were seen."""

    policy: str = ""
    decisions: list[str] = field(default_factory=list)
    complete: bool = True
    sources: list[dict[str, Any]] = field(default_factory=list)
    withheld: list[dict[str, Any]] = field(default_factory=list)
    obligations: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    exit_code: int = 0
    mendable: list[Range] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    listed: set[tuple[str, ...]] = field(default_factory=set)

    def counts(self) -> dict[str, int]:
        found = Counter(self.states)
        return {word: found[word] for word in (ALL, SOME, NOTHING)}


def whole_of(question: Question, chunks: Iterable[Chunk]) -> Whole:
    """`chunks` in order of the list; each is read once and let go."""
    whole = Whole()
    under: dict[Range, str] = {}
    states: dict[Range, list[str]] = {}
    newest, codes = "", []
    sources: dict[tuple[str, str], dict[str, Any]] = {}
    withheld: dict[tuple[Any, ...], dict[str, Any]] = {}
    for chunk in chunks:
        said, start = chunk.body["extensions"], chunk.range[0]
        if chunk.at >= newest:
            newest, whole.policy = chunk.at, said["policy"]
        under[chunk.range] = said["policy"]
        whole.decisions.append(said["decision"])
        whole.complete &= bool(said["complete"])
        whole.obligations = sorted({*whole.obligations, *said.get("obligations", ())})
        for line in said.get("sources", ()):
            _add_source(sources, line)
        for entry in said.get("withheld", ()):
            _add_withheld(withheld, entry, chunk.range)
        whole.errors += [_moved(error, start) for error in chunk.body.get("errors", ())]
        code = outcome(chunk.status, chunk.body)
        codes.append(code)
        if may_be_mended(chunk.body):
            whole.mendable.append(chunk.range)
        nodes = chunk.body["data"][question.root.key]
        states[chunk.range] = [_state(chunk, question.root, index, node, code) for index, node in enumerate(nodes)]
        for node in nodes:
            _lists(node, (), whole.listed)
    whole.sources = [sources[key] for key in sorted(sources)]
    whole.withheld = list(withheld.values())
    whole.policies = sorted(set(under.values()))
    if len(whole.policies) > 1:
        whole.complete = False
        whole.mendable = sorted({*whole.mendable, *(item for item, seal in under.items() if seal != whole.policy)})
        codes.append(PARTIAL)
    for range_, found in states.items():
        older = under[range_] != whole.policy
        whole.states += [SOME if older and state == ALL else state for state in found]
    whole.exit_code = worst(codes)
    return whole


def _state(chunk: Chunk, root: Shape, index: int, node: Mapping[str, Any] | None, code: int) -> str:
    broken = any(
        error.get("path", [])[:2] == [root.key, index]
        and not error["extensions"]["code"].startswith("PLATFORM_")  # told once, at the first of its subjects
        for error in chunk.body.get("errors", ())
    )
    if code == DENIED or (node is None and not broken):
        return NOTHING
    if node is None or broken:
        return SOME
    answered = all(line["status"] in FULL for line in chunk.body["extensions"]["sources"])
    if chunk.body["extensions"]["complete"] or (answered and None in chunk.body["data"][root.key]):
        return ALL  # what makes such a chunk partial is the subject who may not be known, not this one
    return ALL if _vouches(node, root) else SOME


def _vouches(node: Mapping[str, Any], root: Shape) -> bool:
    """Whether each thing asked of this subject says itself that it is complete, in a chunk that is not."""
    for shape in root.below:
        if shape.name in OWN or shape.key not in node:
            continue
        said = shape.named("complete")
        if not shape.is_connection or said is None or (node[shape.key] or {}).get(said.key) is not True:
            return False
    return True


def _add_source(sources: dict[tuple[str, str], dict[str, Any]], line: Mapping[str, Any]) -> None:
    known = sources.setdefault((line["platform"], line["type"]), {**line, "records": 0, "absent": []})
    known["records"] += line["records"]
    join(known, line)


def _add_withheld(withheld: dict[tuple[Any, ...], dict[str, Any]], entry: Mapping[str, Any], range_: Range) -> None:
    start, end = range_
    key = (entry.get("platform"), entry["coordinate"], entry["effect"], entry.get("step"), entry["rule"])
    known = withheld.setdefault(key, {**entry, "subjects": []})
    paths = dict.fromkeys(path for item in (known, entry) for path in item.get("paths", [item["path"]]))
    if len(paths) > 1:
        known["paths"] = list(paths)
    known["subjects"] += [start + place for place in entry.get("subjects", range(end - start))]


def _moved(error: Mapping[str, Any], start: int) -> dict[str, Any]:
    path = list(error.get("path") or ())
    if len(path) > 1 and isinstance(path[1], int):
        path[1] += start
    return {**error, "path": path} if path else dict(error)


def _lists(value: Any, path: tuple[str, ...], listed: set[tuple[str, ...]]) -> None:
    """Note every path that holds a list of objects."""
    if isinstance(value, dict):
        for key, below in value.items():
            _lists(below, (*path, key), listed)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        listed.add(path)
        for item in value:
            _lists(item, path, listed)
