"""The named examples: subjects whose records are promised, so that guides and tests can speak of them.

Each promise is one sentence in `PROMISES` and holds for every seed, every size and every `today`. Names and
codes are invented. The examples are always written without a peculiarity that would lose something.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from deploy.demo import codes, facts, places
from deploy.demo.facts import Fact, anniversary
from deploy.demo.subjects import BRANCHES, RESERVED, STEMS, Person, Subject

PROMISES: Mapping[str, Mapping[str, str]] = {
    "clean": {
        "zh": "企业，只有登记信息",
        "en": "an enterprise with a registration and nothing else",
    },
    "penalised": {
        "zh": "企业，青岛一条有效处罚，含法定代表人证件、程序、罚款",
        "en": "an enterprise with one active penalty in Qingdao: the representative's ID, procedure and fine are known",
    },
    "many_platforms": {
        "zh": "企业，多个平台有登记、许可、处罚，其中一条处罚在两个平台",
        "en": "an enterprise with records at every platform; one penalty is held by two of them",
    },
    "repaired": {
        "zh": "企业，只有一条已修复的处罚",
        "en": "an enterprise whose only penalty is repaired",
    },
    "expired": {
        "zh": "企业，处罚公示期已满且违法行为终了已逾五年",
        "en": "an enterprise whose only penalty is past its publicity, and its conduct ended more than 5 years ago",
    },
    "objected": {
        "zh": "企业，一条处罚正在异议中",
        "en": "an enterprise with one penalty under objection",
    },
    "many_pages": {
        "zh": "企业，烟台许可二十三条，多于一页",
        "en": "an enterprise with 23 licences in Yantai, more than the platform gives in one page",
    },
    "rated_a": {
        "zh": "企业，最近一年纳税信用A级",
        "en": "an enterprise whose latest tax rating is A",
    },
    "listed": {
        "zh": "企业，在省级严重失信主体名单上，有惩戒措施和责任人员",
        "en": "an enterprise on a provincial list of serious dishonesty, with measures and a responsible person",
    },
    "bidder_clean": {
        "zh": "企业，投标人，有登记和纳税信用级别，无不良记录",
        "en": "an enterprise that bids: a registration and a tax rating, nothing against it",
    },
    "bidder_listed": {
        "zh": "企业，投标人，在招标投标严重失信名单上",
        "en": "an enterprise that bids and stands on the list of serious dishonesty in bidding",
    },
    "borrower": {
        "zh": "潍坊企业，有融资信用信息、两条有效处罚和环境信用评价",
        "en": "an enterprise in Weifang with a finance summary, two active penalties and an environmental rating",
    },
    "moved": {
        "zh": "企业，由烟台迁至青岛，登记有住所变更，两地都有记录",
        "en": "an enterprise that moved from Yantai to Qingdao: a change of address, and records in both cities",
    },
    "wage_arrears": {
        "zh": "企业，在省和威海的拖欠农民工工资名单上，威海有拖欠工资信息",
        "en": "an enterprise on the list for wage arrears, at the province and in Weihai, with what it owes there",
    },
    "honoured": {
        "zh": "企业，青岛一项有效荣誉，不在任何名单上",
        "en": "an enterprise with a valid honour in Qingdao and no entry on any list",
    },
    "rated_blue": {
        "zh": "企业，环境信用两地两种体系：青岛四色蓝，潍坊三色绿",
        "en": "an enterprise rated by two environmental schemes: blue of four in Qingdao, green of three in Weifang",
    },
    "every_line": {
        "zh": "企业，每条业务线都有有效记录，共二十五类",
        "en": "an enterprise of which every line holds a record: all 25 types that it can have",
    },
    "warned": {
        "zh": "企业，青岛一条简易程序处罚、一条仅有警告的处罚，均不属于信用信息",
        "en": "an enterprise with a penalty of the simple procedure and one of a warning alone: no credit information",
    },
    "debtor_enterprise": {
        "zh": "企业，在列的失信被执行人",
        "en": "an enterprise that is a listed judgment debtor",
    },
    "debtor_person": {
        "zh": "自然人，在列的失信被执行人",
        "en": "a person who is a listed judgment debtor",
    },
    "clean_person": {
        "zh": "自然人，没有任何记录",
        "en": "a person without any record",
    },
    "minor_person": {
        "zh": "自然人，受处罚时未满十八周岁",
        "en": "a person with one penalty, decided when aged 17",
    },
}

# example -> (area, name, trade); the persons' names stand in `_PEOPLE`
_ORGANISATIONS = {
    "clean": ("370202", "青岛示例清白商贸有限公司", "商贸"),
    "penalised": ("370203", "青岛示例受罚食品有限公司", "食品"),
    "many_platforms": ("370602", "烟台示例多处运输（集团）有限公司", "运输"),
    "repaired": ("370211", "青岛示例修复化工有限公司", "化工"),
    "expired": ("370281", "青岛示例期满机械有限公司", "机械"),
    "objected": ("370613", "烟台示例异议食品有限公司", "食品"),
    "many_pages": ("370683", "烟台示例多证餐饮有限公司", "餐饮"),
    "debtor_enterprise": ("370112", "济南示例失信建筑有限公司", "建筑"),
    "rated_a": ("370203", "青岛示例守信机械有限公司", "机械"),
    "listed": ("370811", "济宁示例上榜商贸有限公司", "商贸"),
    "bidder_clean": ("370303", "淄博示例投标建筑有限公司", "建筑"),
    "bidder_listed": ("371302", "临沂示例串标建筑有限公司", "建筑"),
    "borrower": ("370703", "潍坊示例借款食品有限公司", "食品"),
    "moved": ("370602", "烟台示例迁移机械有限公司", "机械"),
    "wage_arrears": ("370613", "烟台示例欠薪建筑有限公司", "建筑"),
    "honoured": ("370211", "青岛示例荣誉商贸有限公司", "商贸"),
    "rated_blue": ("370281", "青岛示例环评化工有限公司", "化工"),
    "every_line": ("370783", "潍坊示例全项农业有限公司", "食品"),
    "warned": ("370202", "青岛示例警告餐饮有限公司", "餐饮"),
}
_PEOPLE = {"debtor_person": "陈甲子", "clean_person": "林乙丑", "minor_person": "赵丙寅"}


@dataclass(frozen=True, slots=True)
class Held:
    """A fact and the platform's collection that holds it, e.g. `qingdao.penalties`."""

    where: str
    fact: Fact


def people_and_organisations(today: date) -> dict[str, Subject]:
    """The subjects by example; `clean` has a USCC that ends in the check character 0, the debtor an ID in X."""
    found: dict[str, Subject] = {}
    for number, (example, (area, name, trade)) in enumerate(_ORGANISATIONS.items()):
        serials = count(RESERVED.start + 100 * number)
        code = next(
            code
            for code in (codes.uscc("91", area, serial) for serial in serials)
            if (code[-1] == "0") == (example == "clean")
        )
        principal = Person(f"何{BRANCHES[number % 12]}{STEMS[number % 10]}", _id(example, "3702", 30, number, today))
        found[example] = Subject("Enterprise", code, name, area, trade, principal, anniversary(today, -12))
    for number, (example, name) in enumerate(_PEOPLE.items()):
        age = 19 if example == "minor_person" else 36
        person = Person(name, _id(example, "3706", age, 10 + number, today))
        found[example] = Subject("NaturalPerson", person.citizen_id, name, "370602", "商贸", person, person.born)
    return found


def _move(subject: Subject, today: date) -> dict[str, object]:
    """What a registration says after a move to Qingdao a year ago; the code keeps the area of the first one."""
    moved, address = today - timedelta(days=400), "山东省青岛市市南区示例路18号"
    change = {"item": "住所变更", "before": subject.address, "after": address, "date": moved}
    return {
        "address": address,
        "areaCode": "370202",
        "regOrgan": places.REGISTRARS["3702"].name,
        "approvedDate": moved,
        "sourceUpdatedAt": facts.touched(moved, random.Random("moved")),
        "changes": (change,),
    }


def _id(example: str, city: str, age: int, number: int, today: date) -> str:
    """An ID of somebody who turned `age` half a year ago; the debtor's ends in X."""
    born = anniversary(today, -age) - timedelta(days=180 + number)
    ids = (codes.citizen_id(city, born, sequence) for sequence in range(900, 1000))
    return next(code for code in ids if (code[-1] == "X") == (example == "debtor_person"))


def held(found: Mapping[str, Subject], today: date) -> Iterable[Held]:
    """Every record of the examples and where it is held."""
    draw = random.Random("the named examples are the same for every seed")

    def record(where: str, type_name: str, example: str, values: Mapping[str, object]) -> Held:
        return Held(where, Fact(type_name, found[example], values, named=True))

    def penalty(where: str, example: str, serial: int, days_ago: int, **fixed: object) -> Held:
        (office, *_), unit = places.DECIDING[where.partition(".")[0]]
        decided = today - timedelta(days=days_ago)
        usual = {
            "decisionDate": decided,
            "conductEnd": decided - timedelta(days=30),
            "publishUntil": anniversary(decided, 3),
            "penaltyKinds": ("FINE",),
            "procedure": "ORDINARY",
            "severity": "GENERAL",
            "fineAmountWan": Decimal("2"),
            "confiscatedAmountWan": None,
            "content": "罚款人民币20000元",
            "status": "ACTIVE",
        }
        values = facts.penalty(found[example], office, unit, serial, draw, today, **{**usual, **fixed})
        return record(where, "AdministrativePenalty", example, values)

    def licence(where: str, example: str, serial: int, days_ago: int) -> Held:
        (office, *_), unit = places.DECIDING[where.partition(".")[0]]
        decided = today - timedelta(days=days_ago)
        fixed = {"decisionDate": decided, "validTo": anniversary(decided, 5), "state": "VALID", "status": "ACTIVE"}
        values = facts.licence(found[example], office, unit, serial, draw, today, **fixed)
        return record(where, "AdministrativeLicence", example, values)

    for example in _ORGANISATIONS:
        moves = _move(found[example], today) if example == "moved" else {}
        values = facts.registration(found[example], draw, today, regState="EXISTING", **moves)
        yield record("registry.registrations", "Registration", example, values)
        if example == "many_platforms":  # the city's copy is an old one
            copy = {**values, "legalRep": "何旧任", "address": "山东省烟台市芝罘区示例旧路1号"}
            yield record("yantai.registrations", "Registration", example, copy)
        if moves:  # the city that it left keeps the last state it knew
            left = {"regState": "MOVED_OUT", "address": found[example].address, "areaCode": found[example].area}
            yield record("yantai.registrations", "Registration", example, {**values, **left})

    yield penalty("qingdao.penalties", "penalised", 9001, 120, severity="SERIOUS")  # published for three years
    yield penalty("qingdao.penalties", "repaired", 9002, 200, status="REPAIRED")
    yield penalty("yantai.penalties", "objected", 9003, 150, status="OBJECTED")
    ended = anniversary(today, -5) - timedelta(days=40)
    yield penalty(
        "qingdao.penalties",
        "expired",
        9004,
        (today - ended).days - 20,
        conductEnd=ended,
        publishUntil=anniversary(today, -2),
    )
    yield penalty("qingdao.penalties", "many_platforms", 9005, 90)
    yield penalty("yantai.penalties", "many_platforms", 9006, 60)
    shared = penalty("qingdao.penalties", "many_platforms", 9007, 240).fact
    yield Held("qingdao.penalties", shared)
    yield Held("yantai.penalties", shared)
    yield licence("qingdao.licences", "many_platforms", 9101, 300)
    yield licence("yantai.licences", "many_platforms", 9102, 310)
    yield licence("yantai.licences", "many_platforms", 9103, 30)
    yield licence("weifang.licences", "many_platforms", 9104, 320)
    yield licence("weihai.licences", "many_platforms", 9105, 70)
    for number in range(23):
        yield licence("yantai.licences", "many_pages", 9200 + number, 20 + 11 * number)
    for example, serial in (("debtor_person", 9301), ("debtor_enterprise", 9302)):
        listed = facts.judgment(found[example], serial, draw, today, filedDate=today - timedelta(days=100))
        yield record("court.debtors", "JudgmentDebtor", example, listed)
    yield penalty("weifang.penalties", "borrower", 9501, 130)
    yield penalty("weifang.penalties", "borrower", 9502, 260)
    yield penalty("yantai.penalties", "moved", 9503, 700)  # before it moved
    yield licence("qingdao.licences", "moved", 9504, 100)  # and after
    small = {"fineAmountWan": Decimal("0.005"), "content": "罚款人民币50元", "severity": "MINOR"}
    yield penalty("qingdao.penalties", "warned", 9601, 80, procedure="SIMPLE", **small)
    spoken = {"penaltyKinds": ("WARNING",), "fineAmountWan": None, "content": "警告", "severity": "MINOR"}
    yield penalty("qingdao.penalties", "warned", 9602, 50, **spoken)
    yield penalty("yantai.penalties", "minor_person", 9401, 2 * 365)
