"""The reader: a document is understood once and then recognised; only its variables are new with each request.

A text that was read before is known by itself, at the price of one look-up. A text that is new but has the normal form
of one that was proved shares its form: it is neither parsed nor validated, and its literals are bound like variables.
Whatever does not bind (a date that is none) is read for itself, once, so that every error is that of its own text.
Texts that were refused are remembered too, and to read what is new is work that has to wait its turn (see `turns`).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from gateway.errors import GatewayError, Refusal
from gateway.model import Form, Operation, Request
from gateway.reading.limits import check_limits, exceeded
from gateway.reading.naming import Named, digest
from gateway.reading.normalising import Normal, Slot, normalise
from gateway.reading.proving import prove
from gateway.reading.turns import KNOWN, Turns, Work
from gateway.schema import Face
from policies.model import Words

WHICH_OPERATION = Words(
    "文档含多个操作，请给出 `operationName`", "the document holds several operations; give `operationName`"
)
NO_OPERATION = Words("文档中没有这个名称的操作", "no operation of this name stands in the document")
REFUSED = 500_000  # characters of texts that are remembered as refused


@dataclass(frozen=True, slots=True)
class _Known:
    """A text as it was understood: its operations by name, and the literals that its form does not hold."""

    forms: Mapping[str | None, Form]
    literals: Mapping[str, Any]
    digest: str
    size: int
    shared: bool  # its form is proved: other texts have it too


@dataclass(frozen=True, slots=True)
class _Proved:
    """A form under its normal key; `places` says by variable which slot of a text it stands for."""

    form: Form
    places: Mapping[str, int]
    size: int


@dataclass(frozen=True, slots=True)
class _Refused:
    errors: tuple[GatewayError, ...]
    size: int


class Reader:
    """`read` a request into an Operation; remembers documents of `capacity` characters in all, which takes about a
    hundred times as many bytes with all that is made of them. `plain` reads each text for itself: no form is proved or
    shared. `named` knows the texts that are asked by their digest."""

    def __init__(
        self,
        face: Face,
        capacity: int = 1_000_000,
        turns: Turns | None = None,
        plain: bool = False,
        named: Named | None = None,
    ) -> None:
        self._face = face
        self._named = named or Named()
        self._texts: LRUCache[str, _Known] = LRUCache(capacity, getsizeof=_size)
        self._proved: LRUCache[str, _Proved] = LRUCache(capacity, getsizeof=_size)
        self._refused: LRUCache[str, _Refused] = LRUCache(REFUSED, getsizeof=_size)
        self._turns = turns or Turns()
        self._plain = plain

    async def turn(self, request: Request, caller: str) -> Work:
        """Returns at once for what is recognised, else when it may be read. The work on it, from reading to shaping, is
        done inside what is given. Raises GatewayError TOO_MANY_NEW_DOCUMENTS, or that no such document may be asked."""
        text = self._named.text(request)
        if text in self._texts or self._recognised(text, request):
            self._turns.known(caller)
        elif text not in self._refused:
            return await self._turns.take(caller)
        return KNOWN

    def read(self, request: Request) -> Operation:
        """Raises GatewayError or Refusal: name, parse, limits, validation, operation, variables, in this order."""
        text = self._named.text(request)
        known = self._texts.get(text) or self._learn(text)
        self._named.keep(request)
        try:
            return self._bound(known, request)
        except GatewayError:  # no such operation or a value that does not fit, and perhaps a literal before it
            if not known.shared:
                raise
            return self._bound(self._learn(text, alone=True), request)

    def trust(self, text: str) -> None:
        """Read a document before anybody asks it. Raises as `read` does."""
        self._learn(text)

    def _recognised(self, text: str, request: Request) -> bool:
        """Whether a text that is new has a form that was proved before, and all binds; it is then known from now on.
        What does not bind has to be read for itself, which is work like any other's."""
        normal = None if self._plain else normalise(text)
        proved = self._proved.get(normal.key) if normal else None
        if normal is None or proved is None:
            return False
        known = _in_form(text, normal, proved)
        try:
            self._bound(known, request)
        except GatewayError:
            return False
        _keep(self._texts, text, known)
        return True

    def _bound(self, known: _Known, request: Request) -> Operation:
        form = _choose(known.forms, request.operation_name)
        variables = {**request.variables, **known.literals} if known.literals else request.variables
        return Operation(form, variables, self._face.coerce(form.node, variables), known.digest)

    def _learn(self, text: str, alone: bool = False) -> _Known:
        """`alone`: for itself from now on, because something did not bind and errors are those of its own text."""
        refused = self._refused.get(text)
        if refused is not None:
            raise Refusal(refused.errors)
        try:
            known = (None if alone or self._plain else self._by_form(text)) or self._alone(text)
        except GatewayError as error:
            errors = error.errors if isinstance(error, Refusal) else (error,)
            self._texts.pop(text, None)
            # copies: what is raised holds on to everything that was there when it was
            _keep(self._refused, text, _Refused(tuple(map(copy, errors)), len(text)))
            raise
        _keep(self._texts, text, known)
        return known

    def _by_form(self, text: str) -> _Known | None:
        """By the text's normal form, proved now or before; None for a text that must be read for itself."""
        normal = normalise(text)
        if normal is None:
            return None
        proved = self._proved.get(normal.key)
        if proved is None:
            document = self._face.parse(text)
            _within_limits(document)
            proof = prove(self._face.graphql, document)
            if proof is None:
                return self._validated(text, document)
            form = Form(proof.document, proof.operation, proof.fragments)
            slots = {slot: index for index, slot in enumerate(normal.slots)}
            proved = _Proved(form, {name: slots[slot] for name, slot in proof.slots.items()}, len(text))
            _keep(self._proved, normal.key, proved)
        return _in_form(text, normal, proved)

    def _alone(self, text: str) -> _Known:
        document = self._face.parse(text)
        _within_limits(document)
        return self._validated(text, document)

    def _validated(self, text: str, document: DocumentNode) -> _Known:
        try:
            self._face.validate(document)
        except RecursionError:
            raise exceeded("嵌套过深", "nesting") from None
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        forms: dict[str | None, Form] = {}
        for node in operations:
            forms[node.name.value if node.name else None] = Form(document, node, fragments)
        if len(operations) == 1:
            forms[None] = next(iter(forms.values()))
        return _Known(forms, {}, digest(text), len(text), shared=False)


def _in_form(text: str, normal: Normal, proved: _Proved) -> _Known:
    """A text in a form that is proved: its literals become values of the form's variables."""
    literals = {name: _value(normal.slots[index]) for name, index in proved.places.items()}
    return _Known({None: proved.form, normal.name: proved.form}, literals, digest(text), len(text), shared=True)


def _choose(forms: Mapping[str | None, Form], name: str | None) -> Form:
    form = forms.get(name)
    if form is None:
        raise GatewayError(
            "OPERATION_UNKNOWN", detail=NO_OPERATION if name is not None or not forms else WHICH_OPERATION
        )
    return form


def _within_limits(document: DocumentNode) -> None:
    try:
        check_limits(document)
    except RecursionError:
        raise exceeded("嵌套过深", "nesting") from None


def _value(slot: Slot) -> Any:
    """A whole number that no 32 bits hold stays text, which then does not bind; so does `-0`, which where a number may
    have a fraction is not 0."""
    kind, text = slot
    if kind == "Float":
        return float(text)
    return int(text) if kind == "Int" and len(text) < 12 and text != "-0" else text


def _size(known: _Known | _Proved | _Refused) -> int:
    return known.size


def _keep(cache: LRUCache[str, Any], key: str, known: _Known | _Proved | _Refused) -> None:
    if known.size <= cache.maxsize:  # `max_body` may be set beyond what is remembered in all
        cache[key] = known
