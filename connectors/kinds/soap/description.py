"""A WSDL, read from pinned bytes alone: its operations, and messages made for them.

The only room of zeep, which is slow to load and is loaded when the first description is read. Nothing is fetched:
a description that imports another one is refused, and so are document types and entities. What zeep finds wrong
is told in words of the file, never with a value.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from connectors.declaration import Call
from connectors.sources import Beside

IMPORTS = "the WSDL imports another document; put everything into one file"
_UNEXPECTED = re.compile(r"unexpected keyword argument '([^']+)'")


class Wrong(ValueError):
    """What does not fit the description; `word` is the word at fault, `known` what it may be, `place` where."""

    def __init__(self, message: str, place: str = "", word: str | None = None, known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.place, self.word, self.known = place, word, known


class _Refusing:
    """What zeep calls to fetch another document."""

    def load(self, url: str) -> bytes:
        raise Wrong(IMPORTS, "wsdl")


class Operation:
    """One operation of one port."""

    def __init__(self, operation: Any, current: bool) -> None:
        self._operation = operation
        self._current = current  # SOAP 1.2
        output = operation.output
        # only a body of one element has a name that is fixed: in the style `rpc` it is a mere custom (SOAP 1.1, 7.1)
        named = operation.style == "document" and output is not None and output.body is not None
        self.answer: str | None = output.body.qname.localname if named and not output._is_body_wrapped else None

    def headers(self) -> dict[str, str]:
        """The HTTP headers of a question, by the version of SOAP."""
        action = self._operation.soapaction or ""
        if self._current:
            return {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}

    def envelope(self, content: Mapping[str, Any]) -> Any:
        """An envelope with this content. Raises Wrong when the operation takes something else."""
        from zeep.exceptions import Error

        try:
            return self._operation.create(**content).content
        except (Error, TypeError, ValueError, AttributeError) as error:
            found = _UNEXPECTED.search(str(error))
            names = tuple(dict.fromkeys(_names(self._operation.input.body)))
            if found:
                message = f"the operation `{self._operation.name}` takes no `{found[1]}`"
                raise Wrong(message, "input", found[1], names) from None
            path = [str(step) for step in getattr(error, "path", ())]  # of a ValidationError: what is missing
            wanted = f"needs `{'.'.join(path)}`" if path else "takes other content"
            message = f"the operation `{self._operation.name}` {wanted}"
            raise Wrong(message, "input") from None


def signed(envelope: Any, user: str, password: str, digest: bool, now: datetime) -> Any:
    """The envelope with a username token (OASIS WSS UsernameToken Profile 1.1). `now` is in UTC."""
    from zeep.wsse.username import UsernameToken

    make: Any = UsernameToken  # it has no types
    return make(user, password, use_digest=digest, created=now, zulu_timestamp=True).apply(envelope, {})[0]


def pinned(name: str, sha256: str, beside: Beside) -> Any:
    """The description in a file whose digest is `sha256`. Raises Wrong."""
    try:
        raw = beside(name)
    except ValueError as reason:
        raise Wrong(str(reason), "wsdl") from None
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        message = f"`{name}` is another file than the pinned one: its sha256 is {found}; pin it if that is meant"
        raise Wrong(message, "sha256")
    return _parsed(raw)


def operation(description: Any, call: Call) -> Operation:
    """The declared operation of the first port that speaks SOAP and has it. Raises Wrong with the nearest word."""
    from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding

    services = description.services
    if call.service is not None and call.service not in services:
        raise Wrong(f"unknown service `{call.service}`", "service", call.service, tuple(services))
    ports = {
        name: port
        for service in ([services[call.service]] if call.service is not None else services.values())
        for name, port in service.ports.items()
        if isinstance(port.binding, SoapBinding)
    }
    if call.port is not None and call.port not in ports:
        raise Wrong(f"unknown port `{call.port}`, or not one of SOAP", "port", call.port, tuple(ports))
    for port in [ports[call.port]] if call.port is not None else ports.values():
        if call.operation in port.binding.all():
            return Operation(port.binding.get(call.operation), isinstance(port.binding, Soap12Binding))
    known = tuple(name for port in ports.values() for name in port.binding.all())
    raise Wrong(f"unknown operation `{call.operation}`", "operation", call.operation, known)


def checked(raw: bytes) -> None:
    """Raises Wrong for what is no description that this kind can work with."""
    _parsed(raw)


@lru_cache(maxsize=16)  # a declaration is checked first and built afterwards
def _parsed(raw: bytes) -> Any:
    from lxml.etree import LxmlError
    from zeep.exceptions import DTDForbidden, EntitiesForbidden, Error, ExternalReferenceForbidden
    from zeep.settings import Settings
    from zeep.wsdl import Document

    settings = Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        fetching: Any = _Refusing()
        return Document(io.BytesIO(raw), fetching, settings=settings)
    except Wrong:
        raise
    except ExternalReferenceForbidden:
        raise Wrong(IMPORTS, "wsdl") from None
    except (DTDForbidden, EntitiesForbidden):
        raise Wrong("the WSDL holds a document type or entities; take them out", "wsdl") from None
    except (Error, LxmlError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise Wrong(f"not a WSDL that can be read ({type(error).__name__})", "wsdl") from None


def _names(element: Any, depth: int = 4) -> Iterator[str]:
    """The names of the elements inside an element, a few levels down."""
    for name, inner in getattr(getattr(element, "type", None), "elements", ()):
        yield name
        if depth:
            yield from _names(inner, depth - 1)
