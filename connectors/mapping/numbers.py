"""Numbers and money, exactly: decimal throughout, never a binary fraction, amounts in 万元 (10,000 yuan).

A plain number may have well-formed thousands separators. A number inside a sentence (`罚款2000元`) is read
only when the declaration says `number: text`, and only when the sentence holds exactly one; the unit that it
names (元, 万元, 亿元) then goes before the declared one. What follows an amount must be its unit, a sign or the end:
`2千元`, `2万余元`, `5%` and `2019年` are not 2, 20,000, 5 and 2019, and `不超过2000元`, `2000元以下`, `2000元/天` no
amounts. Everything else does not map: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

from connectors.mapping.texts import Unmappable, half_width, text_of

YUAN = {"yuan": Decimal(1), "wan": Decimal(10_000)}
_SAID = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(10**8)}
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_PLAIN = re.compile(rf"[+-]?{_DIGITS}", re.ASCII)
_WITHIN = re.compile(rf"(?<![\d.,-])({_DIGITS})(?![\d.,]*\d)\s*([亿万]?)([元圆]?)(.?)", re.ASCII | re.DOTALL)
_MULTIPLES = frozenset("十百千拾佰仟万亿")
_FOREIGN = re.compile(r"[美港日欧韩台澳]元|美金|[港韩台]币|英镑|卢布|USD|HKD|EUR|JPY|GBP|KRW|[$€£₩]", re.I)
_BOUND = re.compile(
    r"(?:(?:^|[款额金为计共：:，,（(\s])[约近]|超过|不足|[高低多少]于|至[少多]|最[高低]|\u2212|每\D{0,8}?)(?:人民币|\s)*\d"
    r"|[\d元圆万亿]\s*(?:以[上下内]|左右|上下|/\s*[天日人次月年户亩吨件台辆平米])"
)
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_LONGEST = 48
_WHOLE = 2**31  # https://spec.graphql.org/October2021/#sec-Int
_SENTENCE = 4096  # characters
KEPT = 2048  # readings that each field keeps: most amounts come again

T = TypeVar("T")


def money_reader(unit: str, within_text: bool) -> Callable[[Any], Decimal]:
    """Reads an amount that the platform keeps in `unit` (`yuan` or `wan`) as 万元. Raises Unmappable."""
    declared = YUAN[unit]

    def read_text(text: str) -> Decimal:
        value, said = _number(text, within_text, money=True)
        try:
            return _tidy(_EXACT.divide(_EXACT.multiply(value, said or declared), YUAN["wan"]))
        except (Inexact, InvalidOperation):
            raise Unmappable("is not an exact amount") from None

    return _kept(read_text, within_text)


def number_reader(within_text: bool) -> Callable[[Any], int]:
    """Reads a count or a year, as GraphQL's Int can hold it. Raises Unmappable."""

    def read_text(text: str) -> int:
        value, said = _number(text, within_text)
        value = _EXACT.multiply(value, said or Decimal(1))
        if value != value.to_integral_value() or not -_WHOLE <= value < _WHOLE:
            raise Unmappable("is not a whole number of 32 bits")
        return int(value)

    return _kept(read_text, within_text)


def _kept(read_text: Callable[[str], T], within_text: bool) -> Callable[[Any], T]:
    """Plain numbers that were read are kept; sentences never are, for they may speak of somebody."""
    read = read_text if within_text else lru_cache(KEPT)(read_text)
    return lambda raw: read(_written(raw))


def _written(raw: Any) -> str:
    if isinstance(raw, bool):
        raise Unmappable("is not a number")
    return text_of(raw)


def _number(written: str, within_text: bool, money: bool = False) -> tuple[Decimal, Decimal | None]:
    text = half_width(written)
    if len(text) <= _LONGEST and _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "")), None
    if not within_text:
        raise Unmappable("is not a number")
    found = _WITHIN.findall(text) if len(text) <= _SENTENCE else []
    if len(found) != 1 or sum(map(str.isdigit, text)) != sum(map(str.isdigit, found[0][0])):
        raise Unmappable("does not hold exactly one number")
    digits, times, yuan, behind = found[0]
    if len(digits) > _LONGEST or behind in _MULTIPLES:
        raise Unmappable("is not a number")
    elsewhere = not (times or yuan or _SAID.keys().isdisjoint(text))  # the unit stands before: `（万元）5`
    plain = (yuan or _ends(behind)) and not (elsewhere or _FOREIGN.search(text) or _BOUND.search(text))
    if money and not plain:
        raise Unmappable("does not say plainly how many yuan it means")
    return Decimal(digits.replace(",", "")), _SAID[times] if times or yuan else None


def _ends(behind: str) -> bool:
    """Whether what stands behind an amount lets it stand: a sign, `整`, or nothing."""
    return behind in {"", "整", "正"} or not (behind.isalnum() or behind in "%‰")


def _tidy(value: Decimal) -> Decimal:
    """Equal amounts are written alike: no trailing zeros, no exponent."""
    short = _EXACT.normalize(value)
    return short.quantize(Decimal(1), context=_EXACT) if int(short.as_tuple().exponent) > 0 else short
