"""An invented catalogue of one record type, declarations for it, and the environment that a connector gets.

Shared by the tests of the connectors. No subject here exists; the checks are invented with them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from textwrap import indent
from typing import Any

from connectors.contract import Connector, Deadline, Fetch, Page, Row, SubjectKey
from connectors.registry import Registry, load
from connectors.terms import Conversion, FieldTerm, Terms, TypeTerm
from gateway.documents import Document
from policies.identifiers import citizen_id_before, citizen_id_today

FIRM = "91370000INVENTED1A"
OTHER = "91370000INVENTED2B"
THIRD = "91370000INVENTED3C"
PERSON = "370000199001010001"


def _plain(kind: str) -> FieldTerm:
    return FieldTerm(kind, None, False)


TERMS = Terms(
    version="2026.11",
    types={
        "Permit": TypeTerm(
            fields={
                "holder": _plain("name"),
                "uscc": _plain("code"),
                "number": _plain("code"),
                "area": _plain("code"),
                "decided": _plain("date"),
                "until": _plain("date"),
                "touched": _plain("timestamp"),
                "fine": _plain("money"),
                "points": _plain("number"),
                "young": _plain("flag"),
                "kinds": FieldTerm("enum", frozenset({"WARNING", "FINE"}), True),
                "state": FieldTerm("enum", frozenset({"ACTIVE", "REVOKED", "REPAIRED"}), False),
                "changes.item": FieldTerm("text", None, True),
                "changes.on": FieldTerm("date", None, True),
                "arrears.months": _plain("number"),
                "arrears.amount": _plain("money"),
            },
            control=frozenset({"state"}),
            keys=frozenset({"uscc", "citizenId"}),
            updated="touched",
            objects={"changes": True, "arrears": False},
            connection="permits",
            owners={"changes": "PermitChange", "arrears": "PermitArrears"},
        )
    },
    checks={
        "uscc": lambda text: re.fullmatch(r"91[0-9A-Z]{16}", text) is not None,
        "citizenId": lambda text: re.fullmatch(r"\d{17}[0-9X]", text) is not None,
        "gbt2260": lambda text: re.fullmatch(r"\d{6}", text) is not None and text != "999999",
    },
    conversions={"citizenId18": Conversion(citizen_id_today, citizen_id_before)},
)

HEAD = """\
platform: 370100-invented
version: 1.0.0
region: "370100"
title: {zh: 虚构平台, en: Invented platform}
owner: {office: 虚构办公室, contact: ops@invented.example}
catalogue: ">=2026 <2027"
"""
SQL_SOURCE = """\
sources:
  main:
    kind: sql
    url: env:INVENTED_URL
    limits: {timeout: 5s, maxRows: 100}
"""
REST_SOURCE = """\
sources:
  main:
    kind: rest
    base: env:INVENTED_BASE
    limits: {timeout: 5s, maxRows: 100, maxBytes: 64KiB}
"""
SQL_TYPE = """\
table: permits
key: [ID]
subject: {uscc: {column: CODE}}
fields:
  state: {column: STATE, vocabulary: {"1": ACTIVE, "2": REVOKED}}
"""
REST_TYPE = """\
request: {method: GET, path: /permits, query: {code: "{subject}"}}
rows: rows
key: [id]
subject: {uscc: {path: code}}
fields:
  state: {path: state, vocabulary: {"1": ACTIVE, "2": REVOKED}}
"""


class Surroundings:
    """An environment of settings that a test gives."""

    egress = ""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings

    def resolve(self, reference: str) -> str:
        return self._settings[reference]

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)


class Now(Surroundings):
    """With the real time, by which files and tokens are judged."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def declaration(source: str, permit: str, head: str = HEAD, name: str = "370100-invented.yaml") -> Document:
    """The document of a platform with one source and the type `Permit`."""
    return Document(name, f"{head}{source}types:\n  Permit:\n{indent(permit, '    ')}".encode())


def registered(source: str, permit: str) -> Registry:
    return load([declaration(source, permit)], TERMS)


def connector(registry: Registry) -> Connector:
    """The connector of a registry's only source."""
    (platform,) = registry.platforms.values()
    (source,) = platform.sources.values()
    return source.connector


@asynccontextmanager
async def in_use(
    made: Connector, settings: Mapping[str, str], surroundings: type[Surroundings] = Surroundings
) -> AsyncIterator[Connector]:
    """A connector while it is open."""
    await made.open(surroundings(settings))
    try:
        yield made
    finally:
        await made.close()


def ask(*fields: str, subjects: tuple[str, ...] = (FIRM,), seconds: float = 30.0, **more: Any) -> Fetch:
    """A question about firms, or about a person when the code is a person's."""
    keys = tuple(SubjectKey("citizenId" if code == PERSON else "uscc", code) for code in subjects)
    return Fetch("Permit", frozenset(fields or ("state",)), keys, deadline=Deadline.within(seconds), **more)


async def pages(asked: Connector, question: Fetch) -> list[Page]:
    return [page async for page in asked.fetch(question)]


async def rows(asked: Connector, question: Fetch) -> list[Row]:
    return [row for page in await pages(asked, question) for row in page.rows]
