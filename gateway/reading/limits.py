"""What a document may cost, measured before anything understands it, in time that grows with its size alone.

Validation itself is where hostile documents bite. So first one pass visits each fragment once (weights of fragments
are remembered, never expanded); then, what is small enough to be expanded is expanded, and fields that meet at one
place are counted, because those are compared pair by pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import cast

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

from gateway.errors import GatewayError
from policies.model import Words

# Depth of fields; the others are counts after spreading.
LIMITS = {"depth": 20, "fields": 1_000, "aliases": 60, "directives": 60, "spreads": 100}
COUNTED = {"fields": "字段", "aliases": "别名", "directives": "指令", "spreads": "片段展开"}
MAX_ROOTS = 20
MAX_DEFINITIONS = 60
MAX_ITEMS = 500  # in lists that a document spells out; what is longer belongs into variables
MAX_EFFORT = 6_000  # 100 times the same field at one place are 4,950 pairs to compare

MOST = tuple(LIMITS.values())
Weight = tuple[int, int, int, int, int]  # in the order of LIMITS
NOTHING: Weight = (0, 0, 0, 0, 0)


def check_limits(document: DocumentNode) -> None:
    """Raises GatewayError LIMIT_EXCEEDED naming the limit. Its work grows with the document's size, and not
    with what the document would grow into."""
    if len(document.definitions) > MAX_DEFINITIONS:
        raise exceeded(
            f"操作与片段合计至多 {MAX_DEFINITIONS} 个", f"at most {MAX_DEFINITIONS} operations and fragments"
        )
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measured: dict[str, Weight] = {}
    open_now: set[str] = set()

    def of_fragment(name: str) -> Weight:
        if name not in measured:
            if name in open_now:
                raise exceeded("片段展开了自身", "a fragment spreads itself")
            fragment = fragments.get(name)
            if fragment is None:
                return NOTHING  # validation will say so
            open_now.add(name)
            measured[name] = of_set(fragment.selection_set)
            open_now.discard(name)
        return measured[name]

    items = 0

    def count_items(arguments: Iterable[ArgumentNode]) -> None:
        nonlocal items
        values: list[ValueNode] = [argument.value for argument in arguments]
        while values:
            value = values.pop()
            if isinstance(value, ListValueNode):
                items += len(value.values)
                values += value.values
            elif isinstance(value, ObjectValueNode):
                values += [field.value for field in value.fields]
            if items > MAX_ITEMS:
                raise exceeded(
                    f"文档内的列表至多 {MAX_ITEMS} 项；请放入变量",
                    f"at most {MAX_ITEMS} items in lists of the document; put them into variables",
                )

    def of_set(selections: SelectionSetNode | None) -> Weight:
        depth = fields = aliases = directives = spreads = 0
        for node in selections.selections if selections else ():
            directives += len(node.directives or ())
            below = 0
            if isinstance(node, FieldNode):
                fields += 1
                aliases += node.alias is not None
                if node.arguments:
                    count_items(node.arguments)
                below = 1
                inner = of_set(node.selection_set) if node.selection_set else NOTHING
            elif isinstance(node, FragmentSpreadNode):
                spreads += 1
                inner = of_fragment(node.name.value)
            else:
                inner = of_set(cast("InlineFragmentNode", node).selection_set)
            depth = max(depth, inner[0] + below)
            fields, aliases, directives = fields + inner[1], aliases + inner[2], directives + inner[3]
            spreads += inner[4]
            if depth > 20 or fields > 1_000 or aliases > 60 or directives > 60 or spreads > 100:
                _compare((depth, fields, aliases, directives, spreads))
        return depth, fields, aliases, directives, spreads

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            of_set(definition.selection_set)
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
                    raise exceeded("同一位置重复的字段过多", "too many fields repeated at one place")
                if node.selection_set:
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
                raise exceeded(f"根字段至多 {MAX_ROOTS} 个", f"at most {MAX_ROOTS} root fields")


def _compare(weight: Weight) -> None:
    for (name, most), found in zip(LIMITS.items(), weight, strict=True):
        if found > most:
            if name == "depth":
                raise exceeded(f"字段至多嵌套 {most} 层", f"fields nested at most {most} deep")
            raise exceeded(f"{COUNTED[name]}至多 {most} 个", f"at most {most} {name}")


def exceeded(zh: str, en: str) -> GatewayError:
    return GatewayError("LIMIT_EXCEEDED", detail=Words(zh, en))
