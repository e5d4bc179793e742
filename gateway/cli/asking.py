"""A running demo as its callers see it: tokens, questions, and what an answer is worth.

All is read from HOME/demo.json, which a running `credit-gateway demo` writes: addresses, callers with their
secrets, and the named example subjects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from graphql import GraphQLSyntaxError, OperationDefinitionNode, parse, print_ast

from gateway.documents import suggestion

COMPLETE, REFUSED, PARTIAL, DENIED = 0, 1, 3, 4
BY_JSON = ("Int", "Float", "Boolean")


class AskingError(ValueError):
    """A question cannot be asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What demo.json says."""

    graphql: str
    token_endpoint: str
    callers: Mapping[str, Mapping[str, Any]]
    subjects: Mapping[str, Mapping[str, Any]]
    consent_service: str
    consents: Mapping[str, Mapping[str, Any]]  # those that lie ready, by name

    @classmethod
    def of(cls, home: Path) -> Demo:
        path = home / "demo.json"
        try:
            data = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            raise AskingError(f"{path} is not there; start `credit-gateway demo --home {home}` first") from None
        return cls(**{name: data[name] for name in cls.__slots__})

    def caller(self, name: str) -> Mapping[str, Any]:
        if name not in self.callers:
            raise AskingError(f"unknown caller `{name}`{suggestion(name, self.callers)}")
        return self.callers[name]

    def key(self, name: str) -> dict[str, str]:
        """The subject key of an example. Raises AskingError."""
        if name not in self.subjects:
            raise AskingError(f"no example is called `{name}`{suggestion(name, self.subjects)}")
        return _key(self.subjects[name])

    def consent(self, name: str) -> str:
        """The token of a consent: one that lies ready, or the content of a file `*.jws`. Raises AskingError."""
        if name.endswith(".jws"):
            try:
                return Path(name).read_text("ascii").strip()
            except (OSError, ValueError):
                raise AskingError(
                    f"`{name}` cannot be read as a consent; `credit-gateway consent give` makes one"
                ) from None
        return str(self.known_consent(name)["token"])

    def known_consent(self, name: str) -> Mapping[str, Any]:
        if name not in self.consents:
            raise AskingError(f"unknown consent `{name}`{suggestion(name, self.consents)}")
        return self.consents[name]

    def token(self, name: str, purpose: str | None, evidence: Mapping[str, str], subject: str | None = None) -> str:
        """An access token for one purpose (RFC 9396), by client credentials. Raises AskingError."""
        caller = self.caller(name)
        if caller["client_id"] is None:
            raise AskingError(f"`{name}` asks without a token")
        purposes = [purpose] if purpose else caller["purposes"]
        form = {
            "grant_type": "client_credentials",
            "authorization_details": json.dumps([{"type": "credit-query", "purposes": purposes, **evidence}]),
        }
        if subject:
            self.key(subject)  # a wrong name is told here, where it was written
            form["login_hint"] = subject
        try:
            answer = httpx2.post(
                self.token_endpoint, data=form, auth=(caller["client_id"], caller["secret"]), trust_env=False
            )
            body = answer.json()
        except (httpx2.HTTPError, ValueError):
            raise AskingError(f"{self.token_endpoint} does not answer; is the demo running?") from None
        if answer.status_code != 200:
            # of its own purposes alone: what others may ask for is nobody's to guess
            near = suggestion(purpose, caller["purposes"]) if purpose and purpose not in caller["purposes"] else ""
            raise AskingError(f"no token: {body.get('error_description') or body.get('error')}{near}")
        return str(body["access_token"])

    def ask(self, query: str, variables: Mapping[str, Any], **how: Any) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of the gateway's answer; `how` as in `post`. Raises AskingError."""
        answer = self.post(query, variables, **how)
        try:
            return answer.status_code, answer.json()
        except ValueError:
            raise AskingError(f"{self.graphql} does not answer; is the demo running?") from None

    def post(
        self,
        query: str,
        variables: Mapping[str, Any],
        *,
        as_: str,
        purpose: str | None = None,
        evidence: Mapping[str, str] | None = None,
        subject: str | None = None,
        strict: bool = False,
        consents: Sequence[str] = (),
    ) -> httpx2.Response:
        """The gateway's answer as it came. Raises AskingError when none came."""
        headers = {"Accept": "application/graphql-response+json"}
        if self.caller(as_)["client_id"] is not None:
            headers["Authorization"] = f"Bearer {self.token(as_, purpose, evidence or {}, subject)}"
        if purpose:
            headers["Credit-Purpose"] = purpose
        if strict:
            headers["Prefer"] = "handling=strict"
        try:
            body: dict[str, Any] = {"query": query, "variables": dict(variables)}
            if consents:
                body["extensions"] = {"consents": list(consents)}
            return httpx2.post(self.graphql, json=body, headers=headers, timeout=30, trust_env=False)
        except httpx2.HTTPError:
            raise AskingError(f"{self.graphql} does not answer; is the demo running?") from None


def outcome(status: int, body: Mapping[str, Any]) -> int:
    """0 complete, 3 partial, 4 denied, 1 refused for another reason."""
    extensions = body.get("extensions", {})
    codes = {error["extensions"]["code"] for error in body.get("errors", [])}
    if status in (401, 403):
        return DENIED
    if body.get("data") is None:
        return PARTIAL if "INCOMPLETE" in codes else REFUSED
    if extensions.get("complete"):
        return COMPLETE
    asked = [source for source in extensions.get("sources", []) if source["status"] not in ("DENIED", "NOT_ASKED")]
    return PARTIAL if asked else DENIED


def variables_of(query: str, given: Sequence[str], subjects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`name=value` pairs by the types that the query declares; an example's name stands for its subject key."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise AskingError(f"the query: {error.message}") from None
    types = {
        item.variable.name.value: print_ast(item.type).strip("[]!")
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for item in definition.variable_definitions or ()
    }
    found: dict[str, Any] = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign:
            raise AskingError(f"`--var {name}`: write name=value")
        if name not in types:
            raise AskingError(f"`--var {name}`: the query declares no variable `${name}`{suggestion(name, types)}")
        if not _is_text(value):
            raise AskingError(f"`--var {name}`: the value is not UTF-8; set the terminal to UTF-8")
        found[name] = _value(name, value, types[name], subjects)
    return found


def _key(known: Mapping[str, Any]) -> dict[str, str]:
    return {word: known[word] for word in ("uscc", "citizenId") if word in known}


def _value(name: str, value: str, kind: str, subjects: Mapping[str, Mapping[str, Any]]) -> Any:
    if kind == "SubjectKey" and value in subjects:
        return _key(subjects[value])
    if kind in BY_JSON or value.startswith(("{", "[")):
        try:
            return json.loads(value, parse_constant=_no_number)
        except ValueError:
            if kind == "String":  # a text may begin so
                return value
            raise AskingError(f"`--var {name}`: JSON is expected for {kind}") from None
    if kind == "SubjectKey":
        wanted = 'a code is written {"uscc": "..."} or {"citizenId": "..."}'
        raise AskingError(f"`--var {name}`: no example is called `{value}`{suggestion(value, subjects)}; {wanted}")
    return value


def _no_number(word: str) -> Any:
    """Python's JSON takes NaN and Infinity; nobody else's does. Raises ValueError."""
    raise ValueError(word)


def _is_text(value: str) -> bool:
    """Whether it can be sent: what a terminal gave in another encoding holds halves of characters."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
