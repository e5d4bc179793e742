"""Document -> Operation: parsed, measured, validated, its variables coerced. Asks nobody anything.

Limits are measured before validation, because validation itself is where hostile documents bite: first in one
pass that visits each fragment once (weights of fragments are remembered, never expanded); then, what is small
enough to be expanded is expanded, and fields that meet at one place are counted. Only documents that passed
are remembered, by the digest of their text.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.errors import GatewayError
from gateway.model import Operation, Request
from gateway.schema import Face
from policies.model import Words


@dataclass(frozen=True, slots=True)
class Weight:
    """What a document costs before it is understood; `depth` of fields, the others are counts after spreading."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    spreads: int = 0

    def add(self, other: Weight, deeper: int = 0) -> Weight:
        return Weight(
            max(self.depth, other.depth + deeper),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.spreads + other.spreads,
        )


LIMITS = Weight(depth=20, fields=1_000, aliases=60, directives=60, spreads=100)
COUNTED = {"fields": "字段", "aliases": "别名", "directives": "指令", "spreads": "片段展开"}
MAX_ROOTS = 20
MAX_DEFINITIONS = 60
MAX_EFFORT = 6_000  # 100 times the same field at one place are 4,950 pairs to compare

WHICH_OPERATION = Words(
    "文档含多个操作，请给出 `operationName`", "the document holds several operations; give `operationName`"
)
NO_OPERATION = Words("文档中没有这个名称的操作", "no operation of this name stands in the document")


class Reader:
    """`read` a request into an Operation; remembers documents of `capacity` characters in all."""

    def __init__(self, face: Face, capacity: int = 2_000_000) -> None:
        self._face = face
        self._known: LRUCache[str, tuple[DocumentNode, int]] = LRUCache(capacity, getsizeof=lambda known: known[1])

    def read(self, request: Request) -> Operation:
        """Raises GatewayError or Refusal: parse, limits, validation, operation, variables, in this order."""
        digest = hashlib.sha256(request.query.encode("utf-8", "surrogatepass")).hexdigest()
        known = self._known.get(digest)
        document = known[0] if known else self._face.parse(request.query)
        if known is None:
            try:
                check_limits(document)
                self._face.validate(document)
            except RecursionError:
                raise _exceeded("嵌套过深", "nesting") from None
            if len(request.query) <= self._known.maxsize:  # `max_body` may be set beyond what is remembered in all
                self._known[digest] = (document, len(request.query))
        node = _choose(document, request.operation_name)
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        values = self._face.coerce(node, request.variables)
        return Operation(document, node, fragments, request.variables, values, digest)


def check_limits(document: DocumentNode) -> None:
    """Raises GatewayError LIMIT_EXCEEDED naming the limit. Its work grows with the document's size, and not
    with what the document would grow into."""
    if len(document.definitions) > MAX_DEFINITIONS:
        raise _exceeded(
            f"操作与片段合计至多 {MAX_DEFINITIONS} 个", f"at most {MAX_DEFINITIONS} operations and fragments"
        )
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measured: dict[str, Weight] = {}
    open_now: set[str] = set()

    def of_fragment(name: str) -> Weight:
        if name not in measured:
            if name in open_now:
                raise _exceeded("片段展开了自身", "a fragment spreads itself")
            fragment = fragments.get(name)
            if fragment is None:
                return Weight()  # validation will say so
            open_now.add(name)
            measured[name] = of_set(fragment.selection_set)
            open_now.discard(name)
        return measured[name]

    def of_set(selections: SelectionSetNode | None) -> Weight:
        total = Weight()
        for node in selections.selections if selections else ():
            own = Weight(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                own = own.add(Weight(depth=1, fields=1, aliases=1 if node.alias else 0))
                own = own.add(of_set(node.selection_set), deeper=1)
            elif isinstance(node, FragmentSpreadNode):
                own = own.add(Weight(spreads=1)).add(of_fragment(node.name.value))
            else:
                own = own.add(of_set(cast("InlineFragmentNode", node).selection_set))
            total = total.add(own)
            _compare(total)
        return total

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _compare(of_set(definition.selection_set))
        elif isinstance(definition, FragmentDefinitionNode):
            of_fragment(definition.name.value)
    _expand(document, fragments)


def _expand(document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    """Count roots, and what validation will compare: fields of one response path pair by pair, whatever their types."""
    effort = 0
    met: Counter[tuple[str, ...]] = Counter()

    def walk(selections: SelectionSetNode | None, path: tuple[str, ...]) -> None:
        nonlocal effort
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                here = (*path, (node.alias or node.name).value)
                effort += 1 + met[here]
                met[here] += 1
                if effort > MAX_EFFORT:
                    raise _exceeded("同一位置重复的字段过多", "too many fields repeated at one place")
                walk(node.selection_set, here)
            elif isinstance(node, FragmentSpreadNode):
                fragment = fragments.get(node.name.value)
                walk(fragment.selection_set if fragment else None, path)
            else:
                walk(cast("InlineFragmentNode", node).selection_set, path)

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            met.clear()
            walk(definition.selection_set, ())
            roots = sum(count for path, count in met.items() if len(path) == 1)
            if roots > MAX_ROOTS and isinstance(definition, OperationDefinitionNode):
                raise _exceeded(f"根字段至多 {MAX_ROOTS} 个", f"at most {MAX_ROOTS} root fields")


def _compare(weight: Weight) -> None:
    for name in Weight.__slots__:
        limit = getattr(LIMITS, name)
        if getattr(weight, name) > limit:
            if name == "depth":
                raise _exceeded(f"字段至多嵌套 {limit} 层", f"fields nested at most {limit} deep")
            raise _exceeded(f"{COUNTED[name]}至多 {limit} 个", f"at most {limit} {name}")


def _exceeded(zh: str, en: str) -> GatewayError:
    return GatewayError("LIMIT_EXCEEDED", detail=Words(zh, en))


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        raise GatewayError("OPERATION_UNKNOWN", detail=WHICH_OPERATION)
    for operation in operations:
        if name is None or (operation.name is not None and operation.name.value == name):
            return operation
    raise GatewayError("OPERATION_UNKNOWN", detail=NO_OPERATION)
