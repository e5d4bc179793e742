"""The words of the policy side: catalogue entries, facts of a question, decisions. Nothing here computes.

A field is written by its GraphQL coordinate (`AdministrativePenalty.documentNo`); subject kinds are the
GraphQL type names (`Enterprise`, `NaturalPerson`, ...); a province is the first two digits of a region
code. Times are aware datetimes; calendar ages are reckoned in Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from policies.calendar_days import Span
from policies.roles import Roles

ALLOW = "allow"
DENY = "deny"
NO_GRANT = "NO_GRANT"  # the rule id of a denial that no rule spoke: silence is deny
UNKNOWN_CONTROL = "UNKNOWN_CONTROL"  # the rule id of a row hidden because a control value is not known


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in Chinese (the source of truth for legal words) and English."""

    zh: str
    en: str


SILENCE = Words("没有规则开放此项", "No rule opens this")  # the reason of NO_GRANT


class FieldClass(StrEnum):
    """Disclosure classes of the Shandong regulation, article 20, generous to strict."""

    PUBLIC = "PUBLIC"
    AUTHORIZED = "AUTHORIZED"
    GOV_SHARED = "GOV_SHARED"
    RESTRICTED = "RESTRICTED"
    PROHIBITED = "PROHIBITED"


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A law or standard and how far the citation was checked: T, C, S, K or E; K and E are unverified."""

    text: str
    mark: str

    @property
    def verified(self) -> bool:
        return self.mark in {"T", "C", "S"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record type, or of an object nested in it. `person` is its class for a natural person.

    `name` is its place in the record: `documentNo`, or `changes.item` in a nested object. Nested fields are decided,
    asked and masked one by one like any other; in a list of objects each is `many`, one value per object.
    """

    type: str
    name: str
    owner: str  # the GraphQL type that bears it: the record type, or that of the nested object
    title: Words
    kind: str  # a key of the catalogue's ladders: name, idNumber, phone, address, date, timestamp, money, ...
    cls: FieldClass
    person: FieldClass
    tags: frozenset[str]
    codes: tuple[str, ...]  # the standards' codes, both generations, as written there
    vocabulary: str | None  # code list of a field of kind `enum`
    many: bool
    ladder: tuple[str, ...]  # steps generous to strict, `allow` first, without `deny`
    same_as: str | None = None  # a name that all fields bear which hold the same datum of a subject

    @property
    def coordinate(self) -> str:
        return f"{self.owner}.{self.leaf}"

    @property
    def leaf(self) -> str:
        return self.name.rpartition(".")[2]

    def class_for(self, natural: bool) -> FieldClass:
        return self.person if natural else self.cls


@dataclass(frozen=True, slots=True)
class NestedObject:
    """An object in a record, e.g. `changes` of type `RegistrationChange`; its fields stand among the record's."""

    name: str
    type: str
    title: Words
    many: bool


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type: `connection` is its field on a credit subject, e.g. `administrativePenalties`."""

    name: str
    connection: str
    title: Words
    negative: bool
    kinds: frozenset[str]  # subject kinds that can have such records
    fields: Mapping[str, Field]
    roles: Roles
    owner: Words
    basis: tuple[LegalBasis, ...]
    objects: Mapping[str, NestedObject] = field(default_factory=dict)
    widens: bool = False  # its author says that a change of it opens more, by `basis`

    @property
    def control(self) -> frozenset[str]:
        """Always asked of a platform, answered only when also allowed."""
        return self.roles.control


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """A kind of credit subject. `key` is `uscc` or `citizenId`; `prefixes` are USCC beginnings."""

    name: str
    title: Words
    key: str
    natural: bool
    prefixes: tuple[str, ...]
    derived: Mapping[str, str]  # subject-level field -> coordinate that it is read from, e.g. name


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose code (`gov.licensing`) and the evidence it needs (`operator`, `caseNo`)."""

    code: str
    title: Words
    evidence: tuple[str, ...]
    basis: tuple[LegalBasis, ...] = ()

    @property
    def enum(self) -> str:
        return self.code.replace(".", "_").upper()


@dataclass(frozen=True, slots=True)
class Edition:
    """Which edition of a code list this is, and by what; `lawful` lists have a legal basis for every code."""

    text: str
    basis: LegalBasis
    lawful: bool


@dataclass(frozen=True, slots=True)
class RegionSet:
    """Regions that belong together, as beginnings of GB/T 2260 codes; a region may be in several sets."""

    code: str
    title: Words
    prefixes: tuple[str, ...]
    basis: LegalBasis


@dataclass(frozen=True, slots=True)
class Assessment:
    """The reference of an impact assessment (个人信息保护法 第五十五条), which `office` keeps until `kept_until`."""

    code: str
    title: Words
    made: date
    office: str
    kept_until: date
    mark: str


@dataclass(frozen=True, slots=True)
class ReportSection:
    """One section of the national credit report and the record types that fill it."""

    name: str
    title: Words
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that exists. A field outside it cannot be asked."""

    version: str
    kinds: Mapping[str, SubjectKind]
    purposes: Mapping[str, Purpose]
    client_classes: Mapping[str, Words]
    scopes: Mapping[str, Words]
    obligations: Mapping[str, Words]
    types: Mapping[str, RecordType]
    vocabularies: Mapping[str, Mapping[str, Words]]  # list -> code -> words
    ladders: Mapping[str, tuple[str, ...]]
    bands: tuple[str, ...]  # upper ends of the money bands, decimal text in 万元
    provinces: Mapping[str, Words]
    editions: Mapping[str, Edition] = field(default_factory=dict)  # code list -> its edition
    code_basis: Mapping[str, Mapping[str, tuple[LegalBasis, ...]]] = field(default_factory=dict)
    region_sets: Mapping[str, RegionSet] = field(default_factory=dict)
    retired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # area code -> its successors
    report: tuple[ReportSection, ...] = ()
    assessments: Mapping[str, Assessment] = field(default_factory=dict)

    def field(self, coordinate: str) -> Field:
        """Raises KeyError for a coordinate outside the catalogue."""
        owner, _, leaf = coordinate.partition(".")
        if owner in self.types:
            return self.types[owner].fields[leaf]
        for record in self.types.values():
            for nested in record.objects.values():
                if nested.type == owner:
                    return record.fields[f"{nested.name}.{leaf}"]
        raise KeyError(coordinate)

    def codes_of(self, region: str) -> tuple[str, ...]:
        """The GB/T 2260 codes, or beginnings of codes, that a region's code or a region set's name stands for."""
        if region in self.region_sets:
            return self.region_sets[region].prefixes
        within = (now for old, now in self.retired.items() if region.startswith(old.removesuffix("00")))
        return next(within, (region,))  # a county of a retired city is where that city is now

    def now_of(self, prefix: str) -> list[str]:
        """The codes that an area has now when its own is no more in force; a city's may be written in four digits."""
        return [code for old, now in self.retired.items() if prefix in (old, old.removesuffix("00")) for code in now]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a rule may look at when a field is decided: facts of the question, never of the data.

    `own` is true only when the asked key equals the token's verified subject key. `given` names what
    the question says of the subject (`uscc`, `citizenId`, `name`). `province` is the platform's region code,
    or the two digits of its province: a city's limits bind only where the city is known.
    """

    client_class: str
    client_id: str
    region: str | None  # the client's region code, None for the public
    scopes: frozenset[str]
    purpose: str | None
    consent: bool
    own: bool
    given: frozenset[str]
    kind: str
    type: str
    province: str  # see above
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """`effect` is `allow`, a step of the field's ladder, or `deny`; `rule` is `<policy>/<rule>` or NO_GRANT."""

    effect: str
    rule: str
    reason: Words
    obligations: frozenset[str] = frozenset()
    contact: str | None = None

    @property
    def answered(self) -> bool:
        return self.effect != DENY


@dataclass(frozen=True, slots=True)
class RowRule:
    """A row rule in force for one question: hide the rows that match, or mark them."""

    rule: str
    reason: Words
    effect: str  # hide | mark
    label: str | None  # for mark
    status: frozenset[str] = frozenset()
    severity: frozenset[str] = frozenset()
    procedure: frozenset[str] = frozenset()
    only_kinds: frozenset[str] = frozenset()  # nothing else was imposed
    negative: bool | None = None
    minor: bool | None = None
    publicity_over: bool | None = None
    older_than: Span | None = None
    since: str = "retention_anchor"  # the role of the day that `older_than` runs from
    overdue_after: int | None = None  # working days after the objection


@dataclass(frozen=True, slots=True)
class Judgement:
    """What row rules make of one row; `rule` is the one that hid or marked it."""

    shown: bool
    rule: str | None = None
    labels: tuple[str, ...] = field(default=())
