"""Another gateway that sits the exam, honest or with one fault sown into its answers, with its authorization server.

It reads the question's own words, gives tokens for assertions that its registered key has signed, and answers whom it
registered alone. It masks one field and gives another to nobody, as a gateway may.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError

from connectors.conformance.asker import Asker
from connectors.conformance.bench import Bench
from connectors.contract import SubjectKey
from connectors.kinds.peer.wire import asked_in
from connectors.terms import Terms
from deploy.demo.exchanging import ACCESS_TOKEN
from gateway.documents import Document
from tests.edges.another_gateway import HERE, KEY, LINE, SOURCE, answer, mask, records, settings
from tests.edges.crooked import Behaviour, Seen, raw
from tests.edges.invented import FIRM, HEAD, OTHER, TERMS, THIRD, Surroundings

TYPES = """\
types:
  Permit:
    remote: Permit
    keys: [uscc]
    absent: [area, touched, points, young, changes, arrears]
"""
ASKER = Asker(HERE.gateway, "gov.licensing", evidence={"operator": "li"})


def node(number: str, code: str, decided: str, fine: str, state: str) -> dict[str, Any]:
    return {
        "id": number, "provenance": [{"platform": "310000-permits"}], "holder": f"虚*{number}", "uscc": code,
        "number": f"虚罚2025-00{number}", "decided": decided, "until": "2027-01-31", "fine": fine, "kinds": ["FINE"],
        "state": state, "area": None,
    }  # fmt: skip


HELD = {
    FIRM: [
        node("P1", FIRM, "2025-06-30", "2.5", "ACTIVE"),
        node("P2", FIRM, "2025-06-30", "0.03", "REVOKED"),
        node("P3", FIRM, "2025-07-01", "0.1", "ACTIVE"),
    ],
    OTHER: [node("P4", OTHER, "2023-03-03", "0.05", "ACTIVE"), node("P5", OTHER, "2025-06-30", "0.07", "REPAIRED")],
    THIRD: [node("P6", THIRD, "2022-02-02", "0.09", "ACTIVE")],
}


@dataclass
class Gateway:
    """Answers as its `flaw` says; none is an honest gateway. `refuses` is the code of a refusal of every question."""

    flaw: str = ""
    refuses: str = ""
    asked: list[Mapping[str, Any]] = field(default_factory=list)  # bodies of questions
    purposes: set[str | None] = field(default_factory=set)

    def behaviour(self) -> Behaviour:
        async def behave(seen: Seen, writer: asyncio.StreamWriter) -> None:
            status, body = "200 OK", dict[str, Any]()
            if seen.path != "/health":
                status, body = self.token(seen) if seen.path == "/token" else self.answer(seen)
            writer.write(raw(json.dumps(body, ensure_ascii=False).encode(), status))

        return behave

    def token(self, seen: Seen) -> tuple[str, dict[str, Any]]:
        form = {name: value for name, [value] in parse_qs(seen.body.decode()).items()}
        try:
            jwt.decode(form["client_assertion"], KEY)
        except JoseError:
            if self.flaw == "a wrong key is a breakdown":
                return "500 Oops", {}
            if self.flaw != "any key will do":
                return "401 No", {"error": "invalid_client"}
        exchanged = {} if form["grant_type"] == "client_credentials" else {"issued_token_type": ACCESS_TOKEN}
        return "200 OK", {"access_token": "t-1", "token_type": "Bearer", "expires_in": 600, **exchanged}

    def answer(self, seen: Seen) -> tuple[str, dict[str, Any]]:
        body, flaw = json.loads(seen.body), self.flaw
        self.asked.append(body)
        self.purposes.add(seen.headers.get("credit-purpose"))
        codes = [each["uscc"] for each in body["variables"]["ids"]]
        if self.refuses or (flaw == "an unknown subject is an error" and not set(codes) & set(HELD)):
            words = {"message": f"no {codes}", "extensions": {"code": self.refuses or "INTERNAL"}}
            return "403 No" if self.refuses else "500 Oops", {"errors": [words]}
        if flaw == "subjects in another order":
            codes = codes[::-1]
        fields = asked_in(seen.body)
        told = [self._records(code, place, fields, body["variables"]) for place, code in enumerate(codes)]
        return "200 OK", answer(*told, withheld=[mask("Permit.holder", "surname"), mask("Permit.kinds", "", "DENY")])

    def _records(self, code: str, place: int, fields: Collection[str], variables: Mapping[str, Any]) -> Any:
        flaw, rows = self.flaw, HELD.get(code, [])
        if flaw == "rows of another subject" and code in HELD:
            rows = [*rows, *HELD[THIRD]]
        if flaw == "rows for anybody":
            rows = rows or HELD[OTHER]
        if flaw == "the first of a batch alone" and place > 0:
            rows = []
        begin = int(variables.get("after", "0"))
        end = begin + int(variables["first"])
        more = end < len(rows) or (flaw == "a mark without a cut" and 0 < len(rows) == end)
        nodes = [self._node(row, fields) for row in rows[begin:end]]
        shift = {"a cursor that skips": 1, "a cursor that repeats": -1 if end - begin > 1 else 0}.get(flaw, 0)
        after = str(end + shift) if more and flaw != "a cut without a mark" else None
        return records(*nodes, after=after, lines=({**LINE, "absent": ["Permit.area"]},))

    def _node(self, row: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
        chosen = {name: None if name == "kinds" else row[name] for name in row if name in fields}
        if self.flaw == "fields that nobody asked for":
            chosen["uscc"] = row["uscc"]
        if self.flaw == "values that change with what is asked" and "decided" not in fields and "fine" in fields:
            chosen["fine"] = "7"
        if self.flaw == "keys that change":
            chosen["id"] = f"{row['id']}-{len(self.asked)}"
        return chosen


def declaration(types: str = TYPES, source: str = SOURCE) -> Document:
    return Document("370100-invented.yaml", f"{HEAD}{source}{types}".encode())


def bench(document: Document, base: str, asker: Asker | None = ASKER, terms: Terms = TERMS) -> Bench:
    subjects = [SubjectKey("uscc", FIRM), SubjectKey("uscc", OTHER)]
    return Bench(document, terms, Surroundings(settings(base)), subjects, asker=asker)
