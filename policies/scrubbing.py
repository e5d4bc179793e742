"""The mask `scrub`: a free text without numbers that identify somebody and without names of persons, or no text at all.

Replaced by a visible word in brackets: identity numbers of 18 and 15 digits, mobile and fixed-line numbers, bank
accounts, addresses of e-mail and messengers, and names of persons that stand beside the usual words of legal texts (see
`person_names`). Numbers are found with blanks, hyphens and full-width digits in between. An organisation's credit
code is public and stays, and so do dates, amounts with a unit, article and document numbers.

It fails closed: a text is withheld whole when something suspicious is left, that is six digits or more that are
none of these, digits written in Chinese, signs that no such text needs, or a text too long to look at.

What it cannot find: a name without any such word beside it or of an unusual form, a nickname, a home address, a
number plate, a health condition, and whatever identifies somebody by circumstances. It reduces what leaks by
accident; it does not make a text anonymous. Where that is not enough, write `limit: deny`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from policies import person_names
from policies.identifiers import is_area_code, is_citizen_id, is_uscc

LONGEST = 10_000  # characters; the standards' longest field has 5,000
ID, PHONE, ACCOUNT, MAIL, HANDLE, CODE, PERSON = (
    "[身份证号]", "[电话]", "[银行账号]", "[邮箱]", "[账号]", "[号码]", "[姓名]"
)  # fmt: skip
Mark = tuple[int, int, str]  # from, until, what stands there instead

# one sign for one sign, so that places stay places
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
WIDE |= {0x3000: ord(" "), **{ord(sign): ord("-") for sign in "—–‐‑‒―−"}}
for _kept in "，：；！？（）":
    WIDE.pop(ord(_kept))
SIGNS = (
    r"\s!-~，。、；：？！“”‘’《》〈〉〔〕【】「」『』（）［］…·•・—–‐‑‒―−％‰℃°±×÷≥≤＜＞＝＋／～￥¥§№○㎡㎏㎝㎜"
    r"①-⑳\u2160-\u216b\u03b1-\u03c9"
)
ODD = re.compile(rf"[^{SIGNS}{person_names.HAN}〇\uff01-\uff5e]|[①-⑳]{{2}}")
CHINESE_DIGITS = re.compile(r"[〇○零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖][\s-]?" * 6)

GAP = r"[ \-.·*]"
CLUSTER = re.compile(rf"[0-9](?:{GAP}{{0,3}}[0-9])*(?:{GAP}?[Xx](?![0-9A-Za-z]))?")
CREDIT_CODE = re.compile(r"(?<![0-9A-Za-z])(?!62)[0-9A-Z]{18}(?![0-9A-Za-z])")  # 62 begins a bank card
GROUP = re.compile(r"[0-9]+[Xx]?|[Xx]")
MAIL_WORD = r"[A-Za-z0-9_%+\-]"
MAILS = re.compile(
    rf"(?<!{MAIL_WORD})(?<!\.){MAIL_WORD}[A-Za-z0-9._%+\-]{{0,63}}\s?(?:@|\(at\)|\[at\]|#at#)"
    r"\s?[A-Za-z0-9\-]{1,63}(?:\s?\.\s?[A-Za-z0-9\-]{1,63}){1,5}",
    re.I,
)
HANDLES = re.compile(
    r"(?:微信|QQ|qq|支付宝|抖音|快手|微博|旺旺|小红书)(?:号|群|账号|账户|名|ID|id|昵称)*[\s：:为是]*([A-Za-z0-9_\-]{4,})"
)
MASKED = re.compile(r"[0-9]{2,}[*xX#]{2,}[0-9*xX#]*|[*]{2,}[0-9]{2,}[0-9Xx]*")
SAID_ID = re.compile(r"(?:身份证|证件|公民身份|社会保障)(?:号码?|件|证)*[\s：:为是（(]*\Z")
SAID_PHONE = re.compile(r"(?:电话|手机|致电|热线|传真|座机|联系方式|拨打|Tel|TEL|tel)(?:号码?)?[\s：:为是（(.]*\Z")
SAID_ACCOUNT = re.compile(r"(?:账号|帐号|账户|帐户|卡号|银行卡|存折|开户行?|尾号|户头)[^0-9。；;]{0,12}\Z")
MOBILE = re.compile(r"(?:00)?(?:86)?1[3-9][0-9]{9}\Z")
LAND = re.compile(r"(?:(?:0|86|0086)(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}|[48]00[0-9]{7})\Z")
BRACKETED = re.compile(r"\(?（?0[0-9]{2,3}[)）]\s?[2-8][0-9]{2,3}[ -]?[0-9]{4}(?![0-9])")

DAY = r"(?:19|20)[0-9]{2}(?:[-./][0-9]{1,2}[-./][0-9]{1,2}|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"
UNITS = (
    "元|万|亿|千|百|美元|日元|欧元|港币|角|分(?!机)|平方|㎡|立方|公顷|亩|公斤|千克|吨|克|斤|毫克|毫升|升|米|公里|千米|厘米|毫米|箱|件|人|天|日|个|年|月|户|台|辆"
    "|瓶|袋|盒|包|株|只|头|枚|套|张|份|批|支|条|次|倍|名|家|户|%|％|‰|度|千瓦|kg|km|cm|mm|ml|mg|KG|g|t|L|W|kW|kWh|mAh|小时|分钟|秒|号楼|室|页|册|字"
)
HARMLESS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![0-9]){DAY}(?![0-9])(?:[ T]?[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?)?",
        r"(?<![0-9])(?:19|20)[0-9]{2}\s?年(?:\s?[0-9]{1,2}\s?月)?(?:\s?[0-9]{1,2}\s?日)?",
        rf"(?<![0-9.,])(?:[0-9]{{1,12}}|[0-9]{{1,3}}(?:,[0-9]{{3}})+)(?:\.[0-9]{{1,6}})?\s?(?:余|多)?(?:{UNITS})",
        r"(?:人民币|RMB|￥|¥|金额)[：:]?\s?(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]{1,6})?(?![0-9])",
        rf"[〔\[(（]\s?(?:19|20)[0-9]{{2}}\s?[〕\])）][{person_names.HAN}]{{0,8}}[0-9]{{0,4}}[{person_names.HAN}]{{0,6}}第?\s?[0-9]{{1,8}}(?:-[0-9]{{1,3}})?\s?号",
        r"(?:GB|DB|YY|NY|SB|HJ|JJG|JJF|JT|QB|WS|TSG|AQ|ISO)[/A-Z]*\s?[0-9]{1,7}(?:\.[0-9]{1,3})*-(?:19|20)[0-9]{2}",
        r"第\s?[0-9]{1,5}\s?[条款项号章节页]",
    )
)


def scrub(text: str) -> str | None:
    """The text with numbers and names replaced, or None when it cannot be vouched for."""
    plain = text.translate(WIDE)
    if len(text) > LONGEST or len(plain) != len(text) or ODD.search(text):
        return None
    marks = _settled([*_numbers(plain)])
    text, plain = _written(text, marks), _written(plain, marks)
    names = _settled([(begin, end, PERSON) for begin, end in person_names.spans(plain)])
    text, plain = _written(text, names), _written(plain, names)
    return None if _suspicious(plain) else text


def _numbers(plain: str) -> Iterator[Mark]:
    for match in MAILS.finditer(plain):
        yield (*match.span(), MAIL)
    for match in HANDLES.finditer(plain):
        yield (*match.span(1), HANDLE)
    for match in BRACKETED.finditer(plain):
        yield (*match.span(), PHONE)
    for match in MASKED.finditer(plain):
        yield (*match.span(), CODE)
    kept = list(_credit_codes(plain))
    for match in CLUSTER.finditer(plain):
        if not any(begin < match.end() and match.start() < end for begin, end in kept):
            yield from _in_cluster(plain, *match.span())


def _credit_codes(plain: str) -> Iterator[tuple[int, int]]:
    """Codes of organisations, which are public; not what could be a person's number or is said to be another."""
    for match in CREDIT_CODE.finditer(plain):
        before = plain[max(0, match.start() - 24) : match.start()]
        said = any(pattern.search(before) for pattern in (SAID_ID, SAID_PHONE, SAID_ACCOUNT))
        if is_uscc(match[0]) and not is_citizen_id(match[0]) and not said:
            yield match.span()


def _in_cluster(plain: str, begin: int, end: int) -> Iterator[Mark]:
    """Numbers among the groups of digits that stand together, each as a run of whole groups."""
    before = plain[max(0, begin - 24) : begin]
    digits = sum(letter.isdigit() for letter in plain[begin:end])
    if digits >= 6:
        for said, mark in ((SAID_ID, ID), (SAID_PHONE, PHONE), (SAID_ACCOUNT, ACCOUNT)):
            if said.search(before):
                yield begin, end, mark
                return
    groups = [match.span() for match in GROUP.finditer(plain, begin, end)]
    if digits >= 6 and all(until - since == 1 for since, until in groups):  # typed digit by digit: one number
        whole = "".join(plain[since] for since, _ in groups).upper()
        yield begin, end, _kind(whole) or CODE
        return
    first = 0
    while first < len(groups):
        taken = next(_runs(plain, groups, first), None)
        if taken is None:
            first += 1
            continue
        last, mark = taken
        yield groups[first][0], groups[last][1], mark
        first = last + 1


def _runs(plain: str, groups: Sequence[tuple[int, int]], first: int) -> Iterator[tuple[int, str]]:
    """The last group and the kind of each number that begins with this group, longest first."""
    code, codes = "", []
    for last in range(first, len(groups)):
        code += plain[slice(*groups[last])]
        if len(code) > 19:
            break
        codes.append((last, code))
    for last, code in reversed(codes):
        mark = _kind(code.upper())
        if mark is not None:
            yield last, mark


def _kind(code: str) -> str | None:
    if is_citizen_id(code) or _is_old_id(code):
        return ID
    if MOBILE.match(code) or LAND.match(code):
        return PHONE
    if 16 <= len(code) <= 19 and code.isdigit() and _luhn(code):
        return ACCOUNT
    return None


def _is_old_id(code: str) -> bool:
    """Fifteen digits: area, birth in the twentieth century, serial."""
    if len(code) != 15 or not code.isdigit() or not is_area_code(code[:6]):
        return False
    try:
        date(1900 + int(code[6:8]), int(code[8:10]), int(code[10:12]))
    except ValueError:
        return False
    return True


def _luhn(code: str) -> bool:
    total = 0
    for place, letter in enumerate(reversed(code)):
        value = int(letter) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _suspicious(plain: str) -> bool:
    """Whether something is left that may be a number of somebody."""
    if "@" in plain or CHINESE_DIGITS.search(plain):
        return True
    left = plain
    for begin, end in _credit_codes(plain):
        left = left[:begin] + "码" * (end - begin) + left[end:]
    for pattern in HARMLESS:
        left = pattern.sub(lambda match: "年" * len(match[0]), left)
    return any(sum(letter.isdigit() for letter in match[0]) >= 6 for match in CLUSTER.finditer(left))


def _settled(marks: Sequence[Mark]) -> list[Mark]:
    """Marks in order, none over another: what begins first is kept, of two the longer."""
    found: list[Mark] = []
    for mark in sorted(marks, key=lambda each: (each[0], -each[1])):
        if not found or mark[0] >= found[-1][1]:
            found.append(mark)
        elif mark[1] > found[-1][1]:
            found[-1] = (found[-1][0], mark[1], found[-1][2])
    return found


def _written(text: str, marks: Sequence[Mark]) -> str:
    for begin, end, word in reversed(marks):
        text = text[:begin] + word + text[end:]
    return text
