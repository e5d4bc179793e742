"""The shape of a question: what its verdict hangs on, and nothing of whom it is about."""

from __future__ import annotations

from typing import Any

from gateway.deciding.consenting import Consented
from gateway.model import Caller, Plan

SMALL = 60  # record connections and subjects of a plan whose verdict is kept
Shape = tuple[Any, ...]


def shape_of(plan: Plan, caller: Caller, consented: Consented) -> Shape | None:
    """All that a verdict hangs on besides the policies: equal shapes are decided once. None for what is too manifold
    to be kept: a long batch, an open question, a question about rights."""
    if any(root.subjects is None for root in plan.roots):
        return None
    if len(plan.branches) + sum(len(root.subjects or ()) for root in plan.roots) > SMALL:
        return None
    own, seen, terms = caller.own, consented.types, caller.terms
    return (
        (caller.client_class, caller.id, caller.region, caller.scopes, caller.purpose, terms.state, terms.types),
        tuple(
            (path, subject.kind, subject.key.kind, subject.name is not None, subject.key == own, seen(subject.key))
            for root in plan.roots
            for path, subject in root.known
        ),
        tuple(
            (b.path, b.root, b.type, b.fields, b.derived, b.implied, w.regions, w.statuses, w.since, w.until)
            for b in plan.branches
            for w in (b.window,)
        ),
    )
