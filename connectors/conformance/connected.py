"""Group 3: the platform can be reached, can only be read, and refuses a wrong credential for what it is.

A write is tried in a way that would change nothing even where it were allowed; a wrong credential is tried once.
Another gateway takes questions on somebody's behalf alone: where it does not take those of the exam's own asker, it is
asked nothing more.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from connectors.conformance.asker import NAME
from connectors.conformance.bench import PATIENCE, Bench
from connectors.conformance.outcome import Outcome, Verdict, undone
from connectors.conformance.strangers import key_like, strangers
from connectors.contract import AuthFailed, Connector, ConnectorError, Deadline, Denied, Environment, SubjectKey
from connectors.kinds.credentials.references import References
from connectors.kinds.templates import Resolve
from connectors.spelling import is_reference, names_credential

FIX_ASKER = "say whose question it shall be: --purpose gov.licensing --class government, as it lets this gateway ask"
FIX_REGISTERED = (
    "see --purpose, --class and --evidence, and what is registered of this gateway there: `purposes`, and `delegates` "
    "with its id (CREDIT_GATEWAY_RESOURCE) and the class"
)


@runtime_checkable
class Writable(Protocol):
    """A kind whose platform could be written to, and must refuse it."""

    async def refuses_writes(self, deadline: Deadline) -> bool: ...


class Altered:
    """An environment in which some references stand for something else, and perhaps other hosts may be reached."""

    def __init__(self, environment: Environment, values: Mapping[str, str], egress: str | None = None) -> None:
        self._environment, self._values = environment, values
        self.egress = environment.egress if egress is None else egress

    def resolve(self, reference: str) -> str:
        return self._values[reference] if reference in self._values else self._environment.resolve(reference)

    def now(self) -> datetime:
        return self._environment.now()


async def opens(bench: Bench) -> Outcome:
    """Every source opens and is well."""
    if bench.platform is None:
        return undone("the declaration is not good", "mend it first")
    verdict, waited = Verdict(), 0.0
    for name, reason in bench.shut.items():
        verdict.undone(f"source `{name}` cannot be opened: {reason}", "set it, in gateway.env or under secrets/")
    opened, ill = len(bench.opened), []
    for name, connector in bench.opened.items():
        limit, begun = bench.platform.sources[name].limits.timeout + PATIENCE, time.monotonic()
        try:
            await connector.health(Deadline.within(limit))
        except ConnectorError as error:
            bench.heard.append(str(error))
            ill.append(name)
            verdict.fail(
                f"source `{name}` is not well: {type(error).__name__}",
                "see that the address is right, the platform runs, and this machine may reach it",
            )
        waited = max(waited, time.monotonic() - begun)
    for name in ill:  # nothing that it did now would say anything about the declaration
        await bench.opened.pop(name).close()
    return verdict.outcome(f"{opened} sources, health in {waited * 1000:.0f} ms" if opened else "")


async def read_only(bench: Bench) -> Outcome | None:
    """Where writing is thinkable, it is refused."""
    verdict, tried = Verdict(), 0
    for name, connector in bench.opened.items():
        if isinstance(connector, Writable):
            tried += 1
            if not await connector.refuses_writes(Deadline.within(PATIENCE)):
                verdict.fail(f"source `{name}` lets us write", "give the gateway an account that can only read")
    return verdict.outcome("a write was refused") if tried else None


async def behalf(bench: Bench) -> Outcome | None:
    """What answers on somebody's behalf alone takes questions of the exam's own asker."""
    verdict, taken, asker = Verdict(), 0, bench.asker
    for name in list(bench.opened):
        if not bench.declared()[0].sources[name].delegated:
            continue
        if asker is None:
            verdict.undone(f"source `{name}` answers on somebody's behalf alone, for a purpose", FIX_ASKER)
        else:
            error = await _refusal(bench, name, bench.opened[name])
            taken += error is None
            if not isinstance(error, Denied):
                continue
            why = error.told.reason["en"] if error.told and error.told.reason else "it refuses the question"
            verdict.undone(f"source `{name}`: {why}", FIX_REGISTERED)
        await bench.opened.pop(name).close()
    if asker is None or not taken:
        return verdict.outcome() if verdict.problems else None
    return verdict.outcome(f"as {NAME}, {asker.exam}, for {asker.purpose or 'no purpose'}")


async def wrong_credential(bench: Bench) -> Outcome | None:
    """A wrong credential is AuthFailed: an operator is called, and the platform is not taken for ill."""
    verdict, tried = Verdict(), 0
    for name in bench.opened:
        wrong = _wrong(bench, name)
        if not wrong or bench.environment is None:
            continue
        connector = bench.another(name)
        try:
            await connector.open(Altered(bench.environment, wrong))
        except (ValueError, LookupError):  # such as a key that is no key: it is refused before anybody is asked
            continue
        tried += 1
        try:
            error = await _refusal(bench, name, connector)
        finally:
            await connector.close()
        if error is None:
            verdict.fail(f"source `{name}` answers to a wrong credential", "let the platform check it")
        elif not isinstance(error, AuthFailed):
            right = await _refusal(bench, name, bench.opened[name])
            if type(right) is type(error):
                verdict.undone(f"source `{name}` does not answer to the right one either: {type(right).__name__}")
                continue
            verdict.fail(
                f"source `{name}`: a wrong credential is {type(error).__name__}, not AuthFailed",
                "declare the platform's code for it as AuthFailed (`errors`, `faults`)",
            )
    return verdict.outcome("AuthFailed") if tried else None


async def _refusal(bench: Bench, name: str, connector: Connector) -> ConnectorError | None:
    """What a source says to a question, if that is no answer."""
    type_name, subject = _anybody(bench, name)
    told = await bench.told(bench.ask(type_name, frozenset(), [subject]), connector)
    return told.error


def _wrong(bench: Bench, name: str) -> dict[str, str]:
    """The references of a source that are credentials, each with a value that is none."""
    platform, words = bench.declared()
    types = [each for key, each in words.types.items() if platform.types[key] == name]
    source = words.sources[name]
    if bench.environment is None:
        return {}
    resolve = bench.environment.resolve
    named = {text for each in (source, *types) for text in _credentials(each.model_dump(by_alias=True))}
    wrong = {reference: made for reference in named if (made := _worthless(reference, resolve)) is not None}
    url = getattr(source, "url", None)
    if isinstance(url, str):
        parts = urlsplit(value := resolve(url))
        if parts.password:
            wrong[url] = value.replace(f":{parts.password}@", f":wrong-{secrets.token_hex(8)}@", 1)
    return wrong


def _worthless(reference: str, resolve: Resolve) -> str | None:
    """What looks like a credential and is none: of a private key another one of its sort. None for an address, which
    is where credentials are shown and no credential."""
    value = resolve(reference)
    if urlsplit(value).scheme in {"http", "https"}:
        return None
    try:
        return key_like(References(resolve).pem(reference))
    except ValueError:
        return f"wrong-{secrets.token_hex(8)}"


def _credentials(data: Any, name: str = "", inside: bool = False) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _credentials(value, str(key), inside or key == "auth")
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _credentials(value, name, inside)
    elif is_reference(data) and (inside or names_credential(name)):
        yield data


def _anybody(bench: Bench, source: str) -> tuple[str, SubjectKey]:
    """A type of a source and a subject to ask about: a test subject, else one that does not exist."""
    platform, _ = bench.declared()
    types = [name for name, of in platform.types.items() if of == source]
    for name in types:
        for subject in bench.subjects:
            if subject.kind in platform.claim(name).keys:
                return name, subject
    kind = sorted(platform.claim(types[0]).keys)[-1]
    return types[0], next(strangers(kind, bench.terms.checks.get(kind)))
