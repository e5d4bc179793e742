"""Jinan's platform: objects of a GraphQL service, with names in English and true nulls, as a system built lately has.

A column is a place in its object, `holder.name`. Days are ISO 8601, without end `9999-12-31`; what changed when is
told with its zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deploy.demo import spelling as s
from deploy.demo.cities import spelling as c
from deploy.demo.holdings.block import Block
from deploy.demo.holdings.sheet import SAME, Column, Flaw
from deploy.demo.spelling import Pen, Spelled, Spelling

PARTY = {"ORGANISATION": "LEGAL_PERSON", "PERSON": "NATURAL_PERSON", "INDIVIDUAL_BUSINESS": "SELF_EMPLOYED"}
LICENCE_KINDS = {"GENERAL": "ORDINARY", "VERIFICATION": "VERIFIED", "ACCREDITATION": "ACCREDITED"}
LICENCE_STATES = {"VALID": "VALID", "INVALID": "LAPSED", "REVOKED": "WITHDRAWN", "OBJECTED": "DISPUTED"}
LICENCE_STATUS = {"ACTIVE": "VALID", "EXPIRED": "LAPSED", "REVOKED": "WITHDRAWN", "OBJECTED": "DISPUTED"}
PROMISES = {
    "APPROVAL_SUBSTITUTE": "INSTEAD_OF_APPROVAL",
    "TOLERANT_ACCEPTANCE": "PAPERS_TO_FOLLOW",
    "CREDIT_REPAIR": "REPAIR",
    "SECTOR_SELF_DISCIPLINE": "SECTOR",
    "VOLUNTARY_PUBLICITY": "PUBLICITY",
    "PROOF": "INSTEAD_OF_PROOF",
}
FULFILMENT = {
    "PENDING": "OPEN",
    "FULFILLED": "KEPT",
    "PARTLY_FULFILLED": "PARTLY_KEPT",
    "BROKEN": "BROKEN",
    "NOT_CHECKED": "UNCHECKED",
}
PROMISE_STATES = {"ACTIVE": "IN_FORCE", "REVOKED": "WITHDRAWN", "OBJECTED": "DISPUTED", "REPAIRED": "REPAIRED"}


def _coded(table: Mapping[str, str]) -> Spelling:
    def spell(pen: Pen, value: Any) -> Spelled:
        return (None if value is None else table[value]), value

    return spell


def _moment(pen: Pen, value: datetime) -> Spelled:
    return value.isoformat(), value


DAY = s.days("dash", forever=("9999-12-31",), unknown=("",))
SOURCE = [
    Column("sourceUnit", "source.name", SAME, s.plain),
    Column("sourceUnitUscc", "source.code", SAME, s.plain),
    Column("areaCode", "area", SAME, s.plain),
    Column("sourceUpdatedAt", "updated", SAME, _moment),
]

BLOCKS: Mapping[str, Block] = {
    "jinan.licences": Block(
        "AdministrativeLicence",
        "licences",
        [
            Column("counterpartyName", "holder.name", SAME, c.name),
            Column("counterpartyType", "holder.kind", SAME, _coded(PARTY)),
            Column("uscc", "holder.uscc", SAME, s.plain),
            Column("regNo", "holder.registration", SAME, s.plain),
            Column("legalRepresentative", "holder.representative.name", SAME, s.plain),
            Column("legalRepIdNo", "holder.representative.idNo", SAME, s.plain),
            Column("personIdNo", "holder.idNo", SAME, s.plain),
            Column("documentName", "title", SAME, s.plain),
            Column("documentNo", "number", SAME, s.plain),
            Column("licenceKind", "kind", SAME, _coded(LICENCE_KINDS)),
            Column("certificateName", "certificate.name", SAME, s.plain),
            Column("certificateNo", "certificate.number", SAME, s.plain),
            Column("content", "content", SAME, s.plain),
            Column("decisionDate", "decided", SAME, DAY),
            Column("validFrom", "validFrom", SAME, DAY),
            Column("validTo", "validTo", SAME, DAY),
            Column("authority", "organ.name", SAME, s.plain),
            Column("authorityUscc", "organ.code", SAME, s.plain),
            Column("state", "state", SAME, _coded(LICENCE_STATES)),
            Column("status", "state", SAME, _coded(LICENCE_STATUS)),
            Column("remark", "remark", SAME, s.plain),
            *SOURCE,
        ],
        "id",
        {
            "date that is none": Flaw("decided", "2025-02-30", "decisionDate", rejects=True),
            "no end of validity": Flaw("validTo", None, "validTo", rejects=False),
        },
        "decisionDate",
    ),
    "jinan.promises": Block(
        "CreditPromise",
        "promises",
        [
            Column("promiseType", "kind", SAME, _coded(PROMISES)),
            Column("matter", "matter", SAME, s.plain),
            Column("promiseDate", "made", SAME, DAY),
            Column("acceptingUnit", "organ.name", SAME, s.plain),
            Column("fulfilment", "fulfilment", SAME, _coded(FULFILMENT)),
            Column("status", "state", SAME, _coded(PROMISE_STATES)),
            *SOURCE,
        ],
        "id",
        {"time without a day": Flaw("updated", "09:30:00+08:00", "sourceUpdatedAt", rejects=True)},
        "promiseDate",
    ),
}
