"""Free texts: nothing planted survives the mask, and ordinary administrative sentences pass as they are."""

from __future__ import annotations

from random import Random

import pytest

from policies.identifiers import citizen_id_check, is_citizen_id, is_uscc, uscc_check
from policies.person_names import COMPOUND, SINGLE, WORDS
from policies.scrubbing import ID, LONGEST, PERSON, scrub

GIVEN = "伟芳娜敏静丽强磊洋艳勇军杰娟涛明超霞平刚桂英华玉兰春梅红建国志文海波晓东鹏飞宇浩然子涵梓轩雨桐思源若曦嘉怡俊熙"
WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789X"}

ABOUT_PERSONS = (  # {p} is a person's name, {n} a number of the person
    "经查，当事人{p}于2025年3月在店内销售过期食品。",
    "法定代表人：{p}，身份证号：{n}。",
    "法定代表人{p}（身份证号码{n}）到场陈述。",
    "当事人{p}，男，汉族，1980年1月1日出生，住青岛市市南区。",
    "负责人{p}联系电话{n}。",
    "原告{p}与被告青岛示例食品有限公司买卖合同纠纷一案。",
    "被告{p}未到庭，联系方式：{n}。",
    "申请执行人{p}、被执行人青岛示例食品有限公司。",
    "由{p}驾驶的货车超载，车主电话 {n}。",
    "当事人向{p}销售伪劣化肥，货款转入账号{n}。",
    "执法人员{p}、李四光出示执法证件。",
    "{p}（{n}）承认上述违法事实。",
    "询问笔录中，店长{p}承认未索证索票。",
    "证人{p}的证言与现场检查笔录一致。",
    "举报人{p}，手机{n}，反映该店销售假药。",
    "实际控制人为{p}，股东为{p}。",
    "该店雇佣{p}从事推销，户名{p}，卡号{n}。",
    "名叫{p}的员工已离职，证件号码 {n}。",
    "当事人与{p}签订租赁合同，后{p}要求退款。",
    "拖欠{p}等12人工资共计35万元。",
    "委托代理人：{p}，联系电话：{n}",
    "{p}女士投诉称，其拨打{n}后无人接听。",
    "致使{p}受伤，送医治疗。",
    "经营者{p}的银行账户为{n}。",
    "{p}签收了行政处罚决定书。",
    "死者{p}，52岁，系该公司工人。",
    "公民身份号码{n}的{p}已列入名单。",
    "投资人{p}变更为{p}。",
)
ORDINARY = (
    "经查，当事人于2025年3月1日至2025年5月31日期间，销售超过保质期的食品，货值金额1234.50元。",
    "依据《中华人民共和国食品安全法》第一百二十四条第一款第（五）项的规定，责令改正，罚款人民币20000元。",
    "青市监处罚〔2025〕9001号行政处罚决定书已送达。",
    "（2026）鲁0202执1234号执行裁定书已生效。",
    "没收违法所得12.345万元，并处罚款1,234,567.89元。",
    "当事人成立于2012-05-06，统一社会信用代码为91370203MA3C000012。",
    "违反了《中华人民共和国大气污染防治法》第四十五条，2026-03-04 10:30 现场检查时正在生产。",
    "当事人未取得食品经营许可，擅自从事餐饮服务活动，事实清楚，证据确凿。",
    "排放浓度为35mg/m3，超过GB 16297-1996规定的限值0.5倍。",
    "责令当事人立即停止违法行为，并于15日内缴纳罚款，逾期每日按3%加处罚款。",
    "当事人应当自收到本决定书之日起六十日内申请行政复议。",
    "当事人在法定期限内未申请听证，也未提出陈述申辩意见。",
    "负责人签字确认。法定代表人变更登记已办理。",
    "公示截止期2029-03-04，有效期至长期。",
    "检查发现该厂生产车间面积1200平方米，从业人员56人，年产500吨。",
    "罚款人民币50000元整（大写：伍万元整）。",
    "警告",
    "股东会决议无效；项目经理部未备案。",
    "当事人于当日向我局提交整改报告，员工已全部参加培训。",
    "鲁食药监罚（2024）第0012345号，罚没款合计￥3500.00。",
    "二〇二六年三月四日，对其作出警告的行政处罚。",
    "欠缴税款1500000.00元，滞纳金每日万分之五。",
    "20260304",
    "原告诉称合同无效，被告辩称已履行，第三人未到庭。",
    "司机应当随车携带营运证，驾驶员不得疲劳驾驶。",
    "消费者投诉后，当事人已退还货款299元。",
)
WITHHELD = (
    "会员编号88231907，详见附件。",
    "证号：370602198001010013之外另有37060219800。",
    "号码为一三八一二三四五六七八。",
    "号码为①③⑧①②③④⑤。",
    "请联系\u200b当事人。",
    "号码 ١٣٨١٢٣٤٥٦٧٨",
    "护照E12345678",
    "可拨66881234分机8001。",
    "登记在 a@b 名下",
    "аdmin",
    "字" * (LONGEST + 1),
)


def citizen_id(random: Random) -> str:
    area = random.choice(("370602", "310101", "330106", "440305"))
    born = f"{random.randrange(1940, 2010)}{random.randrange(1, 13):02d}{random.randrange(1, 29):02d}"
    first = f"{area}{born}{random.randrange(1000):03d}"
    return first + citizen_id_check(first)


def card(random: Random) -> str:
    return luhn(f"62{random.randrange(10**13, 10**14)}{random.choice(('', '1', '12'))}")


def luhn(first: str) -> str:
    """The digits with the check digit that cards have."""
    total = 0
    for place, letter in enumerate(reversed(first + "0")):
        value = int(letter) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return first + str(-total % 10)


def number(random: Random) -> str:
    whole = citizen_id(random)
    mobile = f"1{random.choice('3456789')}{random.randrange(10**9):09d}"
    land = f"0{random.choice(('532', '535', '10', '21', '571'))}{random.choice('-  ')}{random.randrange(2, 9)}"
    land += f"{random.randrange(10**7):07d}"
    kinds = (whole, whole, whole[:6] + whole[8:17], mobile, mobile, f"+86{mobile}", land, card(random),
              f"a.b{random.randrange(99)}@qq.com", f"{whole[:6]}********{whole[14:]}")  # fmt: skip
    return random.choice(kinds)


def dressed(random: Random, code: str) -> str:
    """The number as somebody may type it."""
    if "@" in code or "*" in code or "+" in code or code[3:5].strip("-") != code[3:5]:
        return code
    sort = random.randrange(6)
    if sort == 0:
        return " ".join(code)
    if sort == 1:
        return code.translate(WIDE)
    if sort == 2 and len(code) == 18:
        return f"{code[:6]} {code[6:14]} {code[14:]}"
    if sort == 3 and len(code) == 11 and code[0] == "1":
        return f"{code[:3]}-{code[3:7]}-{code[7:]}"
    return code


def name(random: Random) -> str:
    while True:
        family = random.choice(sorted(COMPOUND)) if random.random() < 0.1 else random.choice(SINGLE)
        found = family + "".join(random.sample(GIVEN, random.choice((1, 2, 2))))
        if found[:2] not in WORDS:  # the docstring of `person_names` says that these are overlooked
            return found


def digits(text: str) -> str:
    plain = text.translate({wide: digit for digit, wide in WIDE.items()})
    return "".join(letter for letter in plain if letter.isalnum() and ord(letter) < 128)


@pytest.mark.parametrize("sentence", ABOUT_PERSONS)
def test_nothing_planted_survives(sentence: str) -> None:
    """In each form of sentence, invented names and numbers are replaced or the text is withheld; most are replaced."""
    random, read = Random(sentence), 0
    for _ in range(150):
        person, code = name(random), number(random)
        planted = sentence.replace("{p}", person).replace("{n}", dressed(random, code))
        text = scrub(planted)
        if text is None:
            continue
        read += 1
        assert person not in text, planted
        assert digits(code) not in digits(text), planted
        assert digits(code)[:6] not in digits(text), planted
    assert read > 100, "a text that can be scrubbed is scrubbed, not withheld"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_sentences_pass(text: str) -> None:
    """Dates, amounts, articles, documents, public codes and common words stay as they are."""
    assert scrub(text) == text


@pytest.mark.parametrize("text", WITHHELD)
def test_what_is_suspicious_withholds_all(text: str) -> None:
    """A number of no known kind, digits in disguise or odd signs take the whole text away."""
    assert scrub(text) is None


def test_a_name_found_once_is_a_name_everywhere() -> None:
    """Where the text repeats a name without any word beside it, it is replaced as well."""
    assert scrub("当事人王小明销售假酒。后王小明逃离，现场只有王小明之妻。") == (
        f"当事人{PERSON}销售假酒。后{PERSON}逃离，现场只有{PERSON}之妻。"
    )


def test_a_citizens_number_that_is_also_a_credit_code_is_hidden() -> None:
    """A number that could be either is taken for the person's."""
    random = Random(3)
    both = next(code for code in iter(lambda: citizen_id(random), "") if uscc_check(code[:17]) == code[17])
    assert is_citizen_id(both)
    assert scrub(f"代码为{both}。") == f"代码为{ID}。"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("法定代表人：张 三", "法定代表人：*"),
        ("法定代表人张　伟到场。", "法定代表人*到场。"),
        ("当事人：张 伟、李 娜", "当事人：*、*"),
        ("当事人 张 三 于2025年3月1日到场。后张三离开。", "当事人 * 于2025年3月1日到场。后*离开。"),
        ("股东为张三，李四，王五。", "股东为*，*，*。"),
        ("股东：张伟,李娜", "股东：*,*"),
        ("股东为张伟；李娜", "股东为*；*"),
        ("股东张伟 李娜", "股东* *"),
        ("原告张伟/李娜", "原告*/*"),
        ("法定代表人John Smith未到庭", "法定代表人*未到庭"),
        ("原告John Smith、Li Na诉称", "原告*、*诉称"),
        ("法定代表人ZHANG WEI", "法定代表人*"),
        ("老板张伟", "老板*"),
        ("张伟（系该公司员工）", "*（系该公司员工）"),
        ("客户VIP卡", "客户VIP卡"),
        ("当事人张伟，应当配合调查，方便群众。", "当事人*，应当配合调查，方便群众。"),
    ],
)
def test_names_as_forms_have_them(text: str, scrubbed: str) -> None:
    """Names typed with a blank within, names in Latin letters, and lists with any sign between are found beside a word
    that says who somebody is; ordinary words in the same places stay."""
    assert scrub(text) == scrubbed.replace("*", PERSON)


CITIZEN = "37060219800101008X"  # invented; its check character is right
EXACTLY = (
    ("微信号：abc_123456。", "微信号：[账号]。"),
    ("微信号abcd@qq.com", "微信号[邮箱]"),  # of two that begin together, the longer
    ("微信号abcd(0532)88887777", "微信号[账号][电话]"),  # one beside the other
    ("微信号abc138 1234 5678", "微信号[账号]"),  # one into the other: all of both is gone
    ("代码91370203MA3C000012，电话13812345678", "代码91370203MA3C000012，电话[电话]"),
    ("91370203MA3C000012和91370203MA3C000012。", "91370203MA3C000012和91370203MA3C000012。"),
    ("统一社会信用代码为91370203MA3C000012、91370203MA3C000012。",) * 2,
    ("统一社会信用代码：91370203MA3C000012", "统一社会信用代码：91370203MA3C000012"),
    ("证件：91370203MA3C000012", None),  # what is said to be a person's is no organisation's
    ("身份证370602198", "身份证[身份证号]"),  # whatever is said to be one
    ("电话123456", "电话[电话]"),
    ("电话 12345", "电话 12345"),
    ("号 1 2 3 4 5 6 。", "号 [号码] 。"),
    ("号 1 2 3 4 5 。", "号 1 2 3 4 5 。"),
    (" ".join(CITIZEN), "[身份证号]"),
    (" ".join("62220202001122301230"), "[号码]"),  # twenty digits are no card, whatever their check digit
    (f"联系 {CITIZEN} 13812345678", "联系 [身份证号] [电话]"),
    ("12 345 13812345678", "12 345 [电话]"),
    ("共12 13812345678", "共12 [电话]"),
    ("13812345678 13912345678", "[电话] [电话]"),
    ("旧证370602800229001号", "旧证[身份证号]号"),  # 29 February 1980
    ("旧证370602801231001号", "旧证[身份证号]号"),
    ("旧证000602800101001号", None),  # no province
    ("旧证370602801301001号", None),  # no month
    ("旧证370602800139001号", None),  # no day
    ("旧证37060280010100X号", None),  # only the long form ends in X
    ("旧证37060280010100号", None),
    ("编号12345。", "编号12345。"),
    ("编号123456。", None),
    ("12 2025年3月1日 3456", "12 2025年3月1日 3456"),  # what stands between keeps numbers apart
    ("字" * LONGEST, "字" * LONGEST),
)


@pytest.mark.parametrize(("text", "scrubbed"), EXACTLY)
def test_each_number_is_replaced_by_its_word_and_no_more(text: str, scrubbed: str | None) -> None:
    """Where numbers stand close, or nearly are one, just these are replaced, or the text is withheld."""
    assert scrub(text) == scrubbed


def test_a_card_is_known_by_its_check_digit() -> None:
    """Sixteen to nineteen digits with a right check digit are an account, without any word; with a wrong one the text
    is withheld."""
    random, lengths = Random(12), set[int]()
    for _ in range(200):
        code = luhn("".join(random.choice("0123456789") for _ in range(random.randrange(15, 19))))
        if code.startswith(("0", "8", "1")) or is_uscc(code) or is_citizen_id(code):
            continue
        lengths.add(len(code))
        wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
        assert scrub(f"（{code}）") == "（[银行账号]）"
        assert scrub(f"（{wrong}）") is None or is_uscc(wrong) or is_citizen_id(wrong)
    assert lengths == {16, 17, 18, 19}


def test_scrubbing_twice_changes_nothing_more() -> None:
    """What was scrubbed is clean."""
    random = Random(8)
    for sentence in ABOUT_PERSONS:
        text = scrub(sentence.replace("{p}", name(random)).replace("{n}", number(random)))
        assert text is None or scrub(text) == text
