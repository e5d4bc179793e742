"""The demo province as data: what is generated, what is promised of it, and that an honest connector reads it so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from stdnum.cn import ric, uscc

from connectors.contract import Condition, ConnectorError, Deadline, Fetch, Row, SubjectKey, SubjectUnknown
from connectors.registry import Registry, load
from deploy.demo import codes
from deploy.demo.examples import PROMISES
from deploy.demo.generator import COLLECTIONS, QINGDAO, SHANDONG, YANTAI, World, generate
from deploy.demo.holdings.sheet import Holding
from deploy.demo.province import DECLARATIONS, Province, start
from gateway import documents
from gateway.checking import terms_of
from gateway.environment import Environment
from gateway.settings import Settings
from policies.identifiers import normalise_name
from policies.model import Catalogue
from tests.edges import drafts

TODAY = date(2026, 11, 24)

QUIRKS = {
    "dates": {"date:dash", "date:slash", "date:compact", "date:midnight", "date:epoch", "date:chinese"},
    "open ends": {"forever:2099-12-31", "forever:2099/12/31", "forever:9999-09-09"},
    "dates that stand for none": {"no date:1900-01-01", "no date:1899-12-30", "no date:暂无"},
    "null words": {f"null:{word}" for word in ("", "无", "暂无", "\\N", "null", "-", "--", "*")},
    "money": {"money:plain", "money:fraction", "money:separators", "money:sentence", "flaw:misplaced separator"},
    "money with its unit": {"money:bare", "money:unit", "money:yuan"},
    "names": {"name:full", "name:half", "name:blank"},
    "identity numbers": {"id:whole", "id:old", "id:masked", "placeholder code"},
    "areas": {"area:six", "area:nine", "area:twelve", "area:unknown"},
    "generations": {"generation:2016", "generation:2018"},
    "letter case": {"keys:upper", "keys:lower"},
    "unknown control values": {"flaw:state that nobody knows", "flaw:no end of publicity", "flaw:no end of conduct"},
    "rows to reject": {"flaw:date that is none", "flaw:state of no vocabulary", "flaw:capital in words"},
    "dropped files": {"date:cell", "code:inside", "code:behind", "flaw:comma without quotes"},
    "numbers that lost digits": {"flaw:identity number that lost digits"},
    "text in a date": {"flaw:words for a date", "flaw:typing error in a time"},
    "states that changed their meaning": {"generation:old", "generation:new"},
    "lists that are none": {"flaw:changes that are no list", "flaw:responsible persons in words"},
    "sentences with two amounts": {"flaw:two amounts in one cell"},
}


@pytest.fixture(scope="module")
def world() -> World:
    return generate(1, 2000, TODAY)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return drafts.catalogue()


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with start(tmp_path_factory.mktemp("province"), 3, 400, TODAY) as running:
        yield running


@pytest.fixture
async def registry(province: Province, catalogue: Catalogue) -> AsyncIterator[Registry]:
    loaded = load([documents.load(path) for path in documents.listed(DECLARATIONS)], terms_of(catalogue))
    await loaded.open(Environment(Settings(environment=province.environment)))
    yield loaded
    await loaded.close()


def contents(world: World) -> bytes:
    sources = sorted({(platform, source) for platform, source, _, _ in COLLECTIONS.values()})
    return json.dumps([world.contents(*each) for each in sources], ensure_ascii=False).encode()


def test_the_same_arguments_give_the_same_province() -> None:
    """A province is a function of seed, size and day: equal arguments are equal to the byte, others are not."""
    assert contents(generate(5, 120, TODAY)) == contents(generate(5, 120, TODAY))
    assert contents(generate(5, 120, TODAY)) != contents(generate(6, 120, TODAY))
    assert contents(generate(5, 120, TODAY)) != contents(generate(5, 120, TODAY - timedelta(days=1)))


def test_identifiers_are_valid_and_unique(world: World) -> None:
    """Every code passes the checks of an unrelated library, traps included, and names one subject only."""
    keys = [subject.key for subject in world.subjects]
    organisations = [subject.key for subject in world.subjects if not subject.natural]
    people = [subject.principal.citizen_id for subject in world.subjects]
    assert len(world.subjects) == 2000
    assert len(set(keys)) == len(keys)
    assert all(map(uscc.is_valid, organisations))
    assert all(map(ric.is_valid, people))
    assert any(code.endswith("0") for code in organisations)
    assert any(code.endswith("X") for code in people)
    weights = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714, which that library does not know
    for code in (key[8:17] for key in organisations):
        total = sum(int(letter, 36) * weight for letter, weight in zip(code[:8], weights, strict=True))
        assert code[8] == "0123456789X0"[11 - total % 11]


def test_there_are_codes_for_a_large_province() -> None:
    """Serial numbers beyond five digits still give valid codes, each its own."""
    serials = (0, 99_999, 100_000, 109_999, 110_000, codes.SERIALS - 1)
    found = {codes.uscc("91", "370202", serial) for serial in serials}
    assert len(found) == len(serials)
    assert all(map(uscc.is_valid, found))


def test_subjects_are_recognisably_invented(world: World) -> None:
    """Nobody can be mistaken for a real person or firm: codes and ID areas are of kinds that are never given out."""
    for subject in world.subjects:
        assert subject.natural or subject.key[8:11] == "DEM"
        assert subject.principal.citizen_id[4:6] == "01"
        assert int(subject.principal.citizen_id[14:17]) >= 900


def test_all_kinds_and_cities_are_there(world: World) -> None:
    """All five kinds of subject live in the province, in all sixteen cities, some with a retired area code."""
    assert {subject.kind for subject in world.subjects} == {
        "Enterprise", "NonEnterpriseLegalPerson", "IndividualBusiness", "FarmerCooperative", "NaturalPerson",
    }  # fmt: skip
    assert len({subject.city for subject in world.subjects} - {"3712"}) == 16
    assert any(subject.key[2:6] == "3712" for subject in world.subjects)
    assert {subject.kind for subject in generate(9, 40, TODAY).subjects} == {s.kind for s in world.subjects}


@pytest.mark.parametrize("group", sorted(QUIRKS))
def test_the_quirks_of_real_platforms_are_there(world: World, group: str) -> None:
    """Every peculiarity that was seen at a real platform, and that these platforms can have, is in the data."""
    assert QUIRKS[group] - {quirk for quirk, times in world.quirks.items() if times} == set()


def test_every_state_of_a_penalty_is_there(world: World) -> None:
    """Rules for rows have something to bite on: all states, ended publicity, old conduct, minors, two holders."""
    penalties = [*world.holdings(QINGDAO, "AdministrativePenalty"), *world.holdings(YANTAI, "AdministrativePenalty")]
    found = [(holding.fact.subject, holding.fact.values) for holding in penalties]
    states = {"ACTIVE", "OBJECTED", "FROZEN", "REPAIRED", "REVOKED", "EXPIRED"}
    assert {values["status"] for _, values in found} == states
    assert any(values["publishUntil"] < TODAY and values["status"] == "ACTIVE" for _, values in found)
    assert any(values["conductEnd"] < TODAY.replace(year=TODAY.year - 5) for _, values in found)
    assert any(who.natural and who.principal.age(values["decisionDate"]) < 18 for who, values in found)
    holders = Counter((values["documentNo"], values["authority"]) for _, values in found)
    twice = [values for _, values in found if holders[values["documentNo"], values["authority"]] == 2]
    assert twice
    by_document: dict[str, set[str]] = {}
    for values in twice:
        by_document.setdefault(values["documentNo"], set()).add(values["status"])
    assert any(len(statuses) == 2 for statuses in by_document.values())  # one has not heard of the repair


def records(world: World, example: str) -> list[tuple[str, Holding]]:
    key = world.examples[example].key
    return [(where, row) for where, rows in world.held.items() for row in rows if row.fact.subject.key == key]


def only(world: World, example: str, where: str) -> Mapping[str, Any]:
    [values] = [row.expected for place, row in records(world, example) if place == where]
    return values


@pytest.mark.parametrize(("seed", "size", "today"), [(1, 2000, TODAY), (77, 12, date(2028, 2, 29))])
def test_the_named_examples_keep_their_promises(seed: int, size: int, today: date) -> None:
    """For every seed, size and day the named examples are what the guides say they are."""
    world = generate(seed, size, today)
    held = {example: Counter(where for where, _ in records(world, example)) for example in PROMISES}
    registered = Counter({"registry.registrations": 1})
    assert all(row.fact.named and row.rejected is None for name in PROMISES for _, row in records(world, name))
    assert held["clean"] == registered
    assert world.examples["clean"].key.endswith("0")
    for example, where in (("penalised", "qingdao"), ("repaired", "qingdao"), ("expired", "qingdao")):
        assert held[example] == registered + Counter({f"{where}.penalties": 1})
    penalty = only(world, "penalised", "qingdao.penalties")
    assert penalty["legalRepIdNo"] == world.examples["penalised"].principal.citizen_id
    assert (penalty["status"], penalty["procedure"], penalty["fineAmountWan"]) == ("ACTIVE", "ORDINARY", 2)
    assert penalty["conductEnd"] < penalty["decisionDate"] < today < penalty["publishUntil"]
    assert only(world, "repaired", "qingdao.penalties")["status"] == "REPAIRED"
    objected = only(world, "objected", "yantai.penalties")
    assert objected["status"] == "OBJECTED"
    assert objected["objectedOn"] < today - timedelta(days=100)
    warned = [row.expected for where, row in records(world, "warned") if where == "qingdao.penalties"]
    said = [(each["procedure"], each["penaltyKinds"], each["status"]) for each in warned]
    assert said == [("SIMPLE", ("FINE",), "ACTIVE"), ("ORDINARY", ("WARNING",), "ACTIVE")]
    expired = only(world, "expired", "qingdao.penalties")
    assert expired["publishUntil"] < today
    assert expired["conductEnd"] < today.replace(year=today.year - 5, day=min(today.day, 28))
    many = held["many_platforms"]
    assert set(many) == {
        "registry.registrations", "yantai.registrations",
        "qingdao.licences", "yantai.licences", "weifang.licences", "weihai.licences", "jinan.licences",
        "qingdao.penalties", "yantai.penalties", "weifang.honours", "weihai.wages", "jinan.promises",
    }  # fmt: skip
    documents_held = Counter(
        row.expected["documentNo"] for where, row in records(world, "many_platforms") if where.endswith("penalties")
    )
    assert sorted(documents_held.values()) == [1, 1, 2]
    assert held["many_pages"]["yantai.licences"] == 23
    for example in ("debtor_person", "debtor_enterprise"):
        assert only(world, example, "court.debtors")["status"] == "ACTIVE"
    assert world.examples["debtor_person"].key.endswith("X")
    assert held["debtor_person"] == Counter({"court.debtors": 1})
    assert held["clean_person"] == Counter()
    minor = only(world, "minor_person", "yantai.penalties")
    assert world.examples["minor_person"].principal.age(minor["decisionDate"]) == 17
    assert minor["status"] == "ACTIVE"


@pytest.mark.parametrize(("seed", "size", "today"), [(1, 2000, TODAY), (77, 12, date(2028, 2, 29))])
def test_the_lines_of_the_named_examples_keep_their_promises(seed: int, size: int, today: date) -> None:
    """For every seed, size and day the examples of ratings, lists, loans and moves are what the guides say."""
    world = generate(seed, size, today)
    rated = only(world, "rated_a", "centre.ratings")
    assert (rated["level"], rated["aListed"], rated["status"]) == ("A", True, "ACTIVE")
    assert rated["validFrom"] <= today <= rated["validTo"]
    lists = {"listed": "MARKET_SERIOUS", "bidder_listed": "BIDDING", "wage_arrears": "WAGE_ARREARS"}
    for example, code in lists.items():
        entry = only(world, example, "centre.lists")
        assert (entry["listCode"], entry["status"]) == (code, "ACTIVE")
        assert entry["inDate"] < today < entry["publishUntil"]
        assert entry["measures"]
        assert entry["responsiblePersons.name"] == (world.examples[example].principal.name,)
    assert {where for where, _ in records(world, "bidder_clean")} == {"registry.registrations", "centre.ratings"}
    borrower = world.examples["borrower"]
    assert borrower.city == "3707"
    assert only(world, "borrower", "centre.finance")["rating.level"]
    penalties = [row.expected for where, row in records(world, "borrower") if where == "weifang.penalties"]
    assert [penalty["status"] for penalty in penalties] == ["ACTIVE", "ACTIVE"]
    here = only(world, "moved", "registry.registrations")
    there = only(world, "moved", "yantai.registrations")
    assert here["changes.item"] == ("住所变更",)
    assert (here["changes.before"], here["changes.after"]) == ((there["address"],), (here["address"],))
    assert (there["regState"], there["areaCode"][:4], here["areaCode"][:4]) == ("MOVED_OUT", "3706", "3702")
    [moved] = here["changes.date"]
    assert only(world, "moved", "yantai.penalties")["decisionDate"] < moved
    assert moved < only(world, "moved", "qingdao.licences")["decisionDate"]


@pytest.mark.parametrize(("seed", "size", "today"), [(1, 2000, TODAY), (77, 12, date(2028, 2, 29))])
def test_the_blocks_of_the_named_examples_keep_their_promises(seed: int, size: int, today: date) -> None:
    """For every seed, size and day the examples of honours, wages and colours are what the guides say."""
    world = generate(seed, size, today)
    assert {where for where, _ in records(world, "honoured")} == {"registry.registrations", "qingdao.honours"}
    for example, where in (("honoured", "qingdao.honours"), ("many_platforms", "weifang.honours")):
        honour = only(world, example, where)
        assert (honour["honourCode"], honour["status"]) == ("CONTRACT_CREDIT", "ACTIVE")
        assert honour["awardedDate"] < today < honour["validUntil"]
    owed = only(world, "wage_arrears", "weihai.wages")
    assert (owed["conductEnd"], owed["status"], owed["workers"]) == (date.max, "ACTIVE", 23)
    assert owed["overdueSince"] < owed["listEntry.inDate"] < today
    assert only(world, "many_platforms", "weihai.wages")["conductEnd"] < today
    entries = [only(world, "wage_arrears", where) for where in ("centre.lists", "weihai.entries")]
    assert len({(entry["listCode"], entry["decisionNo"], entry["inDate"]) for entry in entries}) == 1
    colours = [only(world, "rated_blue", where) for where in ("qingdao.ratings", "weifang.ratings")]
    assert [(each["scheme"], each["level"]) for each in colours] == [
        ("SHANDONG_2021", "SHANDONG_2021_BLUE"), ("SHANDONG", "SHANDONG_GREEN"),
    ]  # fmt: skip
    assert all(each["status"] == "ACTIVE" and each["validUntil"] > today for each in colours)


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 23), date(2028, 11, 30), date(2031, 5, 1)])
def test_a_person_stands_on_a_list_on_every_day(today: date) -> None:
    """Also in a small province: that no list names persons is shown by lists that hold some."""
    rows = generate(1, 120, today).held["centre.lists"]
    persons = [row.expected for row in rows if row.fact.subject.natural and row.expected is not None]
    assert [each for each in persons if each["status"] == "ACTIVE" and each["inDate"] < today < each["publishUntil"]]


@pytest.mark.parametrize(("seed", "size", "today"), [(1, 2000, TODAY), (77, 12, date(2028, 2, 29))])
def test_every_line_holds_a_record_of_one_enterprise(seed: int, size: int, today: date, catalogue: Catalogue) -> None:
    """For every seed, size and day one enterprise has active, publishable records of all types that it can have."""
    world = generate(seed, size, today)
    of_enterprises = [name for name, found in catalogue.types.items() if "Enterprise" in found.kinds]
    lines = [row for _, row in records(world, "every_line")]
    assert {row.fact.type for row in lines} == set(of_enterprises)
    assert {row.expected["status"] for row in lines} == {"ACTIVE"}
    assert all(row.expected["publishUntil"] > today for row in lines if "publishUntil" in row.expected)
    assert only(world, "borrower", "weifang.ratings")["status"] == "ACTIVE"


def test_the_blocks_of_the_cities_have_what_the_rules_are_about(world: World) -> None:
    """Rules have something to bite on: open ends, both schemes, persons and firms, copies of one decision."""
    held = {where: [row.fact for row in rows] for where, rows in world.held.items()}
    for where in ("qingdao.honours", "qingdao.promises", "weifang.honours", "weifang.villages", "weihai.buildings"):
        assert {fact.subject.natural for fact in held[where]} == {True, False}
    assert {fact.values["subjectKind"] for fact in held["weifang.villages"]} == {
        "HOUSEHOLD", "FAMILY_FARM", "COOPERATIVE",
    }  # fmt: skip
    for where in ("qingdao.ratings", "weifang.ratings"):
        assert {fact.values["scheme"] for fact in held[where]} == {"SHANDONG", "SHANDONG_2021"}
    assert {fact.values["conductEnd"] == date.max for fact in held["weihai.wages"]} == {True, False}
    bans = [fact.values["ban"] for fact in held["yantai.foods"]]
    assert {ban and (ban["validTo"] == date.max) for ban in bans} == {None, True, False}
    built = [fact.values for fact in held["weihai.buildings"]]
    assert {each["qualification.name"] is None for each in built} == {True, False}
    provincial = {(fact.subject.key, fact.values["decisionNo"], fact.values["inDate"]) for fact in held["centre.lists"]}
    copies = [(fact.subject.key, fact.values["decisionNo"], fact.values["inDate"]) for fact in held["weihai.entries"]]
    assert len(provincial & set(copies)) >= 2
    assert set(copies) - provincial  # and the city's own


def test_the_lines_of_the_province_have_what_the_rules_are_about(world: World) -> None:
    """Rules have something to bite on: lists of persons too, both customs schemes, pupils, conduct without an end."""
    entries = [row.fact for row in world.holdings(SHANDONG, "SeriousDishonestyEntry")]
    assert len({fact.values["listCode"] for fact in entries}) >= 8
    assert {fact.subject.natural for fact in entries} == {True, False}
    assert {fact.values["status"] for fact in entries} >= {"ACTIVE", "EXPIRED", "REPAIRED", "OBJECTED"}
    twice = Counter((fact.values["decisionNo"], fact.values["inDate"]) for fact in entries)
    assert max(twice.values()) == 2  # from the department and from a city
    violations = {fact.subject.key for fact in (row.fact for row in world.holdings(SHANDONG, "MajorTaxViolation"))}
    assert violations <= {fact.subject.key for fact in entries if fact.values["listCode"] == "TAX_MAJOR"}
    levels = {row.fact.values["level"] for row in world.holdings(SHANDONG, "CustomsCredit")}
    assert {"OLD_ADVANCED", "ADVANCED_CERTIFIED", "OLD_DISHONEST", "DISHONEST"} <= levels
    misconduct = [row.fact for row in world.holdings(SHANDONG, "EducationResearchRecord")]
    ages = [fact.subject.principal.age(fact.values["conductDate"]) for fact in misconduct if fact.subject.natural]
    assert min(ages) < 18 <= max(ages)
    insured = [row.fact.values for row in world.holdings(SHANDONG, "SocialInsuranceRecord")]
    assert any(values["conductEnd"] == date.max for values in insured)
    assert any(values["arrears"] for values in insured)
    areas = {row.fact.values["areaCode"][:4] for row in world.holdings(SHANDONG, "TaxCreditRating")}
    assert "3712" in areas  # of a city that is no more


async def answered(registry: Registry, world: World, platform: str, type_name: str) -> tuple[list[Row], list[str]]:
    """Everything that a platform gives for all subjects, and its reasons for what it does not."""
    source = registry.platforms[platform].source(type_name)
    claim = source.connector.claims()[type_name]
    rows: list[Row] = []
    rejected: list[str] = []
    for kind in sorted(claim.keys):
        keys = tuple(SubjectKey(each.key_kind, each.key) for each in world.subjects if each.key_kind == kind)
        ask = Fetch(type_name, claim.fields, keys, limit=10_000, deadline=Deadline.within(60))
        async for page in source.connector.fetch(ask):
            assert not page.truncated
            assert page.as_of is not None
            rows += page.rows
            rejected += page.rejected
    return rows, rejected


def plain(kinds: Mapping[str, str], values: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    """Values that can be compared as a set; names without regard to width, as they are compared in the house."""

    def alike(name: str, value: Any) -> Any:
        if isinstance(value, tuple):  # of a list of objects
            return tuple(alike(name, part) for part in value)
        return normalise_name(value) if kinds[name] == "name" and value is not None else value

    return frozenset((name, alike(name, values.get(name))) for name in kinds)


@pytest.mark.parametrize(
    ("platform", "type_name"),
    sorted((platform, type_name) for platform, _, type_name, _ in COLLECTIONS.values()),
)
async def test_connectors_read_what_is_true(
    registry: Registry, province: Province, catalogue: Catalogue, platform: str, type_name: str
) -> None:
    """By its declaration every platform gives exactly the true values, and refuses exactly the rows it must."""
    holdings = province.world.holdings(platform, type_name)
    rows, rejected = await answered(registry, province.world, platform, type_name)
    claimed = registry.platforms[platform].claim(type_name).fields
    kinds = {name: catalogue.types[type_name].fields[name].kind for name in claimed}
    read = Counter((row.subject.value, plain(kinds, row.values)) for row in rows)
    true = Counter((each.fact.subject.key, plain(kinds, each.expected)) for each in holdings if not each.rejected)
    assert read == true
    assert len({row.id for row in rows}) == len(rows)
    refused = Counter(f"{type_name}.{each.rejected}" for each in holdings if each.rejected)
    assert Counter(reason.split(" ")[0] for reason in rejected) == refused


async def test_a_whole_list_is_answered_by_its_code(registry: Registry, province: Province) -> None:
    """Asked for two lists and nobody, the province gives every organisation on them, and no person."""
    codes_asked = ("MARKET_SERIOUS", "BIDDING")
    connector = registry.platforms[SHANDONG].source("SeriousDishonestyEntry").connector
    where = (Condition("listCode", "in", codes_asked),)
    fields = frozenset({"listCode", "status"})
    ask = Fetch("SeriousDishonestyEntry", fields, (), where, limit=1000, deadline=Deadline.within(10))
    rows = [row async for page in connector.fetch(ask) for row in page.rows]
    holdings = province.world.holdings(SHANDONG, "SeriousDishonestyEntry")
    true = Counter(
        (each.fact.subject.key, each.expected["listCode"])
        for each in holdings
        if each.expected["listCode"] in codes_asked and each.rejected != "listCode" and not each.fact.subject.natural
    )
    assert Counter((row.subject.value, row.values["listCode"]) for row in rows) == true
    assert {province.world.examples[name].key for name in ("listed", "bidder_listed")} <= {key for key, _ in true}


async def test_the_court_does_not_know_who_is_not_listed(registry: Registry, province: Province) -> None:
    """A subject that the court never heard of is an error inside a 200, and becomes "not known", not a failure."""
    connector = registry.platforms[SHANDONG].source("JudgmentDebtor").connector
    nobody = SubjectKey("citizenId", province.world.examples["clean_person"].key)
    ask = Fetch("JudgmentDebtor", frozenset({"caseNo"}), (nobody,), deadline=Deadline.within(10))
    with pytest.raises(SubjectUnknown):
        [page async for page in connector.fetch(ask)]


async def test_a_killed_platform_is_unreachable_and_comes_back(registry: Registry, province: Province) -> None:
    """kill -9 takes a source away, a database as well as an API; after a restart the same address answers again."""
    platform = registry.platforms[SHANDONG]
    examples = province.world.examples
    asks = {
        "Registration": (SubjectKey("uscc", examples["clean"].key),),
        "JudgmentDebtor": (SubjectKey("citizenId", examples["debtor_person"].key),),
    }

    async def count(type_name: str) -> int:
        connector = platform.source(type_name).connector
        ask = Fetch(type_name, frozenset({"status"}), asks[type_name], deadline=Deadline.within(10))
        return sum([len(page.rows) async for page in connector.fetch(ask)])

    environment = province.environment
    assert [await count(name) for name in asks] == [1, 1]
    for type_name, source in (("Registration", "registry"), ("JudgmentDebtor", "court")):
        province.kill(SHANDONG, source)
        with pytest.raises(ConnectorError) as raised:
            await count(type_name)
        assert raised.value.status == "UNAVAILABLE"
    province.restart(SHANDONG)
    assert province.environment == environment
    assert [await count(name) for name in asks] == [1, 1]
