"""What a description says of how to ask, as lines of a declaration: call, input, rows, and what stands beside them.

Sure lines stand there, and so do needed elements, whose content is a setting to be named; whatever else a question may
hold is a comment. Where the call is in doubt, all of it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.suggesting.calls import Chosen, Place, Way, choose, leaves
from connectors.suggesting.looks import Checks
from connectors.suggesting.matching import Suggestion
from connectors.suggesting.names import Names
from connectors.suggesting.services import Element, Operation, operations
from connectors.suggesting.writing import Source

MOST = 1000  # subjects in one question


def service(path: Path, names: Names, checks: Checks, only: str | None = None) -> tuple[list[Suggestion], Source]:
    """The suggestions for the best row that a WSDL describes, and how it is asked for. Raises ValueError."""
    raw = path.read_bytes()
    known = operations(raw)
    chosen = choose(known, names, checks, only)
    sources = (
        f"sources:\n  main:\n    kind: soap\n    wsdl: {json.dumps(path.name, ensure_ascii=False)}\n"
        f'    sha256: "{hashlib.sha256(raw).hexdigest()}"\n    endpoint: env:TO_BE_NAMED\n'
        "    # auth, success, faults, encoding: see _template-soap.yaml"
    )
    if chosen is None:
        none = [Suggestion(each, (), {}) for each in ([only] if only is not None else names)]
        head = "# call, input, rows: no answer says what a row holds"
        return none, Source(f"the description {path.name}", "path", sources, head, "\n".join(_others(known)))
    head = "\n".join(_head(chosen))
    tail = "\n".join([*_beside(chosen.way), *_others(known, None if chosen.doubt else chosen.way.operation)])
    return list(chosen.way.types), Source(f"the description {path.name}", "path", sources, head, tail)


def _head(chosen: Chosen) -> Iterator[str]:
    way, mark = chosen.way, "# " if chosen.doubt else ""
    best, operation = way.meaning, way.operation
    sure = sum(map(len, best.sure.values()))
    told = f"{sure} of {len(best.columns)} elements of a row are sure"
    port = f", port: {operation.port}" if operation.port else ""
    why = "; ".join(each for each in (operation.said, chosen.doubt or told) if each)
    yield f"{mark}call: {{operation: {operation.name}{port}}}   # {why}"
    yield f"{mark}input:"
    subject = way.subject
    for part in operation.takes.parts:
        yield from (f"{mark}  {line}" for line in _taken(part, part.name, way, subject)[0])
    often = "comes again" if way.rows.element.many else "comes once"
    yield f"{mark}rows: {way.rows.path}   # {told}; it {often}"
    if subject is not None and subject.element.many:
        most = subject.element.most
        yield (
            f"{mark}batch: {min(most, MOST)}   # so often the subject may come"
            if most is not None
            else "# batch: 1   # how many subjects one question may name is not said"
        )


def _taken(element: Element, path: str, way: Way, subject: Place | None) -> tuple[list[str], bool]:
    """The lines of one element of a question, and whether any of them stands there."""
    if subject is not None and subject.path == path:
        weight, manner = next((each.weight, each.manner) for place, each in way.subjects if place is subject)
        word = "{subjects}" if element.many else "{subject}"
        return [f'{element.name}: "{word}"   # {weight:.2f} {manner}'], True
    if not element.parts:
        doubts = [f"perhaps the subject, {each.weight:.2f}" for place, each in way.subjects if place.path == path]
        told = "; ".join(each for each in (element.said, element.type, *doubts) if each)
        if element.needed:
            return [f"{element.name}: env:TO_BE_NAMED   # needed{f': {told}' if told else ''}"], True
        return [f"# {element.name}{f': {told}' if told else ''}"], False
    inner = [_taken(part, f"{path}.{part.name}", way, subject) for part in element.parts]
    holds = subject is not None and subject.path.startswith(f"{path}.")
    stands = any(said for _, said in inner) and (element.needed or holds)
    mark = "" if stands else "# "
    return [
        f"{mark}{element.name}:",
        *(f"{mark}  {line}" for lines, _ in inner for line in lines),
    ], stands


def _beside(way: Way) -> Iterator[str]:
    around = [place for place in leaves(way.operation.gives) if not place.path.startswith(f"{way.rows.path}.")]
    found = [_called(place) for place in around if way.rows.path]
    if found:
        yield f"# Beside the rows: {', '.join(found)}. Is one of them `success`, `total`, `asOf`?"


def _others(known: Sequence[Operation], best: Operation | None = None) -> Iterator[str]:
    for each in known:
        if each is not best:
            told = [each.said, *(_unknown(each) if best is None else ())]
            yield f"# {'Another operation' if best else 'Operation'}: {'; '.join([each.name, *filter(None, told)])}"


def _unknown(operation: Operation) -> Iterator[str]:
    """What an operation takes and gives of which nobody can say what it is."""
    taken, given = (", ".join(map(_called, leaves(each))) for each in (operation.takes, operation.gives))
    yield f"takes {taken or 'nothing'}" + (f", gives {given}: a document may be in it, see `embedded`" if given else "")
    if operation.gives.open:
        yield "its answer holds what the description does not tell"


def _called(place: Place) -> str:
    return f"{place.path} ({place.element.said})" if place.element.said else place.path
