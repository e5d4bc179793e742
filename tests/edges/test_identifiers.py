"""Codes of subjects, with an independent library as the referee, and the traps that others fell into."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
import stdnum.cn.ric
import stdnum.cn.uscc

from policies import identifiers
from policies.identifiers import CITIZEN_WEIGHTS, USCC_ALPHABET, USCC_WEIGHTS
from tests.edges.drafts import catalogue

DRAWN = 5_000
RANDOM = random.Random(37)


def first_17_of_a_uscc() -> str:
    head = RANDOM.choice(["91", "92", "93", "11", "51"]) + f"{RANDOM.randrange(110000, 660000)}"
    return head + "".join(RANDOM.choice(USCC_ALPHABET) for _ in range(9))


def first_17_of_a_citizen() -> str:
    born = date(1930, 1, 1) + timedelta(days=RANDOM.randrange(35_000))
    return f"{RANDOM.randrange(110000, 660000)}{born:%Y%m%d}{RANDOM.randrange(1000):03}"


def test_credit_codes_agree_with_the_referee() -> None:
    """Thousands of random codes get the referee's check character, the wrapped `0` among them, and no other passes."""
    seen = set()
    for _ in range(DRAWN):
        first = first_17_of_a_uscc()
        check = identifiers.uscc_check(first)
        seen.add(check)
        assert check == stdnum.cn.uscc.calc_check_digit(first)
        assert identifiers.is_uscc(first + check)
        wrong = RANDOM.choice(USCC_ALPHABET.replace(check, ""))
        assert not identifiers.is_uscc(first + wrong)
        assert not stdnum.cn.uscc.is_valid(first + wrong)
    assert seen == set(USCC_ALPHABET)


def test_the_check_character_wraps_to_zero() -> None:
    """A code whose remainder is nothing ends in `0`: a published validator refuses exactly these."""
    wrapped = [first for first in (first_17_of_a_uscc() for _ in range(DRAWN)) if identifiers.uscc_check(first) == "0"]
    assert len(wrapped) > DRAWN / 62
    assert all(stdnum.cn.uscc.is_valid(first + "0") for first in wrapped)


def test_citizen_numbers_agree_with_the_referee() -> None:
    """Thousands of random numbers get the referee's check character, `X` among them."""
    seen = set()
    for _ in range(DRAWN):
        first = first_17_of_a_citizen()
        check = identifiers.citizen_id_check(first)
        seen.add(check)
        assert check == stdnum.cn.ric.calc_check_digit(first + "0")
        assert identifiers.is_citizen_id(first + check)
        assert identifiers.birth_date(first + check) == stdnum.cn.ric.get_birth_date(first + check)
        assert not identifiers.is_citizen_id(first + RANDOM.choice("0123456789X".replace(check, "")))
    assert seen == set("0123456789X")


def test_weights_are_those_of_the_standards() -> None:
    """The weights that are computed here are the ones that GB 32100 and GB 11643 print."""
    assert USCC_WEIGHTS == (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    assert CITIZEN_WEIGHTS == (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def test_three_in_a_hundred_citizen_numbers_are_also_credit_codes() -> None:
    """What a number looks like must not decide what it is: one in 31 valid citizen numbers is a valid credit code."""
    numbers = [first + identifiers.citizen_id_check(first) for first in (first_17_of_a_citizen() for _ in range(DRAWN))]
    both = [number for number in numbers if identifiers.is_uscc(number)]
    assert 0.024 < len(both) / len(numbers) < 0.042
    assert {identifiers.kind_of(catalogue(), "citizenId", number) for number in both} == {"NaturalPerson"}


@pytest.mark.parametrize(
    "value", ["1" * 18, "0" * 18, "00000000000000000X", "无", "", "91370600MA3TEST00", "９１３７０６００"]
)
def test_what_only_looks_like_a_code_is_none(value: str) -> None:
    """Placeholders and strings that satisfy a pattern alone are neither credit codes nor citizen numbers."""
    assert not identifiers.is_uscc(value)
    assert not identifiers.is_citizen_id(value)


@pytest.mark.parametrize("day", ["19800230", "19801301", "20010229", "00010101", "17991231"])
def test_a_birth_date_must_exist(day: str) -> None:
    """A number with a right check character and an impossible birth date is not a citizen number."""
    first = f"370602{day}001"
    assert not identifiers.is_citizen_id(first + identifiers.citizen_id_check(first))
    assert identifiers.birth_date(first + identifiers.citizen_id_check(first)) is None


def test_a_leap_day_is_a_birth_date() -> None:
    """29 February of a leap year is a real birth date."""
    first = "37060220000229001"
    assert identifiers.birth_date(first + identifiers.citizen_id_check(first)) == date(2000, 2, 29)


@pytest.mark.parametrize(("first", "check"), [("60003734", "1"), ("D2143569", "X")])
def test_organisation_codes(first: str, check: str) -> None:
    """The check character of GB 11714, also the standard's own example D2143569-X."""
    assert identifiers.organisation_code_check(first) == check


@pytest.mark.parametrize("wrong", ["", "9137", "I" * 17, "1" * 18])
def test_a_check_character_is_of_17_characters(wrong: str) -> None:
    """Other input is refused, and the message does not repeat it."""
    for check in (identifiers.uscc_check, identifiers.citizen_id_check):
        with pytest.raises(ValueError, match="17") as caught:
            check(wrong)
        assert len(wrong) < 2 or wrong not in str(caught.value)


def test_normal_form() -> None:
    """Full width, lower case and blanks are ways of writing the same code and the same name."""
    assert identifiers.normalise(" ９１３７ ０６００ma3x　") == "91370600MA3X"
    same = {identifiers.normalise_name(name) for name in ("烟台某某（山东）有限公司", "烟台 某某(山东)有限公司")}
    assert len(same) == 1
    assert identifiers.normalise_name("买买提•阿") == identifiers.normalise_name("买买提·阿")


@pytest.mark.parametrize("unseen", ["\ufeff", "\u200b", "\u2060", "\u200e", "\u00ad", "\u00a0", "\u3000"])
def test_what_nobody_sees_makes_no_other_code_and_no_other_name(unseen: str) -> None:
    """Signs of no width come along from web pages and spreadsheets: a name with one would be another firm's."""
    assert identifiers.normalise(f"{unseen}91370600{unseen}ma3x{unseen}") == "91370600MA3X"
    assert identifiers.normalise_name(f"{unseen}烟台{unseen}某某（山东）{unseen}") == "烟台某某(山东)"


@pytest.mark.parametrize("name", ["\U00020bb7野商店", "\ue863某", "二〇一公司", "\U0002cb4e"])
def test_rare_characters_stay(name: str) -> None:
    """Characters beyond the first plane, and those of a private use that old systems hold, are part of a name."""
    assert identifiers.normalise_name(name) == name


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("91", "Enterprise"), ("92", "IndividualBusiness"), ("93", "FarmerCooperative"),
        ("12", "NonEnterpriseLegalPerson"), ("52", "NonEnterpriseLegalPerson"),
        ("99", "NaturalPerson"), ("A1", "NaturalPerson"), ("Y1", "NaturalPerson"),
    ],
)  # fmt: skip
def test_the_kind_follows_from_the_key(prefix: str, kind: str) -> None:
    """The category of a credit code decides the kind; a category that is not listed is treated as a person."""
    first = f"{prefix}370600MA3TE5T99"
    assert identifiers.kind_of(catalogue(), "uscc", first + identifiers.uscc_check(first)) == kind


@pytest.mark.parametrize(
    ("value", "is_one"), [("370602", True), ("371200", True), ("999999", False), ("330203001", False)]
)
def test_area_codes(value: str, is_one: bool) -> None:
    """Six digits that begin with a province; a retired county still is one, a 9-digit street is not."""
    assert identifiers.is_area_code(value) is is_one
