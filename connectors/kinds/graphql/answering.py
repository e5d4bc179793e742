"""What an answer of GraphQL means: the values of its root fields, or one error of the contract.

An answer may come with errors under any status, and with data beside them: such data is never taken for all there is.
Only where each error says that a subject is unknown, and the answer names it, do the others stand. Codes are looked
up in the declaration's `errors`, then among those that Apollo's servers use. An error without a code that names no
field refuses the question itself: the platform's schema is not what was declared. Upstream text is never repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.contract import ConnectorError, ContractBroken, SubjectUnknown
from connectors.kinds.answers import parsed
from connectors.kinds.collecting import Each
from connectors.kinds.graphql.asking import ENTITIES, Asking
from connectors.kinds.graphql.selecting import Selection, way
from connectors.mapping.paths import expression
from connectors.mapping.texts import text_if_any
from connectors.questions import Question
from connectors.sources import GraphqlSource
from connectors.transport.meaning import by_status, error
from connectors.transport.port import Answer

# https://www.apollographql.com/docs/apollo-server/data/errors, built-in error codes
_KNOWN = {
    "UNAUTHENTICATED": "AuthFailed",
    "FORBIDDEN": "Denied",
    "BAD_USER_INPUT": "BadRequest",
    "GRAPHQL_PARSE_FAILED": "BadRequest",
    "OPERATION_RESOLUTION_FAILURE": "BadRequest",
    "GRAPHQL_VALIDATION_FAILED": "ContractBroken",
    "INTERNAL_SERVER_ERROR": "Unavailable",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What an answer holds for one subject, or for all: the value of a root field, and what was selected of it."""

    root: Any
    selection: Selection


@dataclass(frozen=True, slots=True)
class Data:
    """What an answer holds, and the paths at which it says that a subject is unknown."""

    data: Any
    unknown: Sequence[Any]


class Reading:
    """How the answers of one source are read."""

    def __init__(self, source: GraphqlSource) -> None:
        self._errors = source.errors
        self._code = expression(source.errorCode)

    def data(self, answer: Answer) -> Data:
        """The data of an answer. Raises the error that it stands for."""
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        body = parsed(answer)
        if not isinstance(body, dict):
            raise ContractBroken("the answer is not one of GraphQL")
        return Data(body.get("data"), self._unknown(body, answer))

    def _unknown(self, body: Mapping[str, Any], answer: Answer) -> list[Any]:
        """The paths of errors that say that a subject is unknown; any other error is raised."""
        errors = body.get("errors")
        if not errors:
            return []
        if not isinstance(errors, list):
            raise ContractBroken("the answer's errors are not a list")
        for each in errors:
            name = self._name(each)
            if name != "SubjectUnknown":
                raise error(name, "the platform reported an error inside its answer", answer.headers)
        return [each.get("path") for each in errors]

    def _refused(self, answer: Answer) -> ConnectorError:
        code, spoken = "", False
        with suppress(ConnectorError, LookupError, TypeError):  # a body that says nothing leaves it to the status
            first = parsed(answer)["errors"][0]
            code, spoken = text_if_any(self._code(first)), True
        name = self._meaning(code) or self._errors.get(str(answer.status))
        if name is None and spoken and answer.status == 400 and not code:
            name = self._errors.get("*") or "ContractBroken"
        message = f"the platform answered with status {answer.status}"
        return error(name or by_status(answer.status), message, answer.headers)

    def _name(self, one: Any) -> str:
        code = text_if_any(self._code(one)) if isinstance(one, dict) else ""
        if name := self._meaning(code) or self._errors.get("*"):
            return name
        return "Unavailable" if code or not isinstance(one, dict) or one.get("path") else "ContractBroken"

    def _meaning(self, code: str) -> str | None:
        return self._errors.get(code) or _KNOWN.get(code) if code else None


def parts(answer: Data, asking: Asking, selected: Selection, count: int) -> Part | Each:
    """One part for all of `count` subjects, or one for each of them.

    Raises SubjectUnknown, and ContractBroken for an answer from which one cannot tell what belongs to whom.
    """
    data = answer.data
    if not isinstance(data, dict):
        if answer.unknown and count == 1:
            raise SubjectUnknown("the platform does not know the subject")
        raise ContractBroken("the answer has no data")
    try:
        roots = asking.roots(data, count)
    except (KeyError, TypeError):
        raise ContractBroken("the answer lacks what was asked") from None
    if not all(_is_lost(data, path, len(asking.root)) for path in answer.unknown):
        raise ContractBroken("what is unknown is not a subject, but a part of an answer")
    about = 1 if asking.aliased else count
    if asking.entities is None and not answer.unknown and any(_lacks_a_row(root, selected, about) for root in roots):
        raise ContractBroken("a row of the answer is null")
    if asking.entities is not None:
        roots = _entities(roots[0], count)
    elif not asking.aliased:
        if roots[0] is not None:
            return Part(roots[0], selected)
        if count == 1:
            raise SubjectUnknown("the platform has nothing about the subject")
        raise ContractBroken("the answer holds nothing for several subjects at once")
    return Each(None if root is None else Part(root, selected) for root in roots)


def told(data: Any, question: Question | None) -> list[Any]:
    """The values of the root field in data that was recorded, under whatever aliases."""
    if question is None or question.field is None:
        return list(data[ENTITIES])
    found = []
    for value in data.values():
        for name in way(question.field)[1:]:
            value = value[name]
        found.append(value)
    return found


def _entities(listed: Any, count: int) -> list[Any]:
    if not isinstance(listed, list) or len(listed) != count:
        raise ContractBroken("the answer has not one entity for each that was asked")
    return listed


def _lacks_a_row(root: Any, selected: Selection, about: int) -> bool:
    """Whether the rows are what a root field lists, and one was taken out. In a list of one for each of the subjects
    that it is `about`, what is null is a subject of whom there is nothing."""
    return not selected.rows and isinstance(root, list) and None in root and len(root) != about


def _is_lost(data: Any, path: Any, depth: int) -> bool:
    """Whether an error's path leads to a subject of which the answer holds nothing: to a root field that is null, or to
    a null in a list there. Further down it would be a hole in what is told of a subject.
    """
    if not isinstance(path, list) or len(path) < depth:
        return False
    value = data
    for step in path[: depth + 1]:
        if value is None:
            return True
        try:
            value = value[step]
        except (LookupError, TypeError):
            return False
    return value is None and (len(path) == depth or isinstance(path[depth], int))
