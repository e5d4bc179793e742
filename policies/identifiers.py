"""Codes of credit subjects: check characters, normal form, birth date, and which kind of subject a key names.

Sources: GB 32100-2015 (unified social credit code), GB 11714 (organisation code), GB 11643-1999 (citizen
number), GB/T 2260 (areas). A code is checked as what it is said to be and never guessed: 3.2 % of valid
citizen numbers are also valid credit codes. Nothing here prints or raises a value.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from operator import mul

from policies.model import Catalogue

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # 31 letters: no I, O, S, V, Z
USCC_VALUES = {letter: value for value, letter in enumerate(USCC_ALPHABET)}
USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
USCC_SHAPE = re.compile(rf"[1-9ANY][{USCC_ALPHABET}][0-9]{{6}}[{USCC_ALPHABET}]{{10}}\Z")
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
CITIZEN_CHECKS = "10X98765432"
CITIZEN_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]\Z")
EARLIEST_BIRTH = 1850  # a real date before it is a typing error: nobody numbered is as old
AREA_SHAPE = re.compile(r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{4}\Z")

NAME_SIGNS = tuple(zip("•・‧【】〔〕", "···()()", strict=True))


def normalise(code: str) -> str:
    """The one form of a code: half-width, upper case, without blanks and signs that nobody sees."""
    return _seen(code).upper()


def normalise_name(name: str) -> str:
    """The form in which names are compared: half-width brackets, one kind of dot, no blanks, no case, and no sign that
    nobody sees."""
    plain = _seen(name).casefold()
    for sign, usual in NAME_SIGNS:  # most names have none; `translate` would look at every character
        if sign in plain:
            plain = plain.replace(sign, usual)
    return plain


def _seen(text: str) -> str:
    """Half-width, without blanks, and without what comes along unseen when text is copied: signs of no width, marks of
    byte order and of direction (Unicode's category Cf)."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if plain.isprintable():  # nearly always, and found much faster
        return plain
    return "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")


def uscc_check(first17: str) -> str:
    """The 18th character of a credit code. A remainder of nothing gives `0`. Raises ValueError for other input."""
    try:
        total = sum(map(mul, map(USCC_VALUES.__getitem__, first17), USCC_WEIGHTS))
    except KeyError:
        total = None
    if total is None or len(first17) != 17:
        raise ValueError("17 characters of the alphabet of GB 32100 are expected")
    return USCC_ALPHABET[-total % 31]


def is_uscc(value: str) -> bool:
    """True for a code in normal form with a right check character. It need not be registered to anybody."""
    return bool(USCC_SHAPE.match(value)) and value[17] == uscc_check(value[:17])


def organisation_code_check(first8: str) -> str:
    """The 9th character of an organisation code (GB 11714). Raises ValueError for other input."""
    if not re.match(r"[0-9A-Z]{8}\Z", first8):
        raise ValueError("8 digits or capital letters are expected")
    total = sum(int(letter, 36) * weight for letter, weight in zip(first8, ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def citizen_id_check(first17: str) -> str:
    """The 18th character of a citizen number. Raises ValueError for other input."""
    if not re.match(r"[0-9]{17}\Z", first17):
        raise ValueError("17 digits are expected")
    total = sum(int(digit) * weight for digit, weight in zip(first17, CITIZEN_WEIGHTS, strict=True))
    return CITIZEN_CHECKS[total % 11]


def is_citizen_id(value: str) -> bool:
    """True for a number in normal form with a right check character and a birth date that exists."""
    return birth_date(value) is not None


def citizen_id_today(old: str) -> str:
    """The number of 18 of one of 15, by the conversion of GB 11643-1999; whatever is no such number, as it is.

    Sequences from 996 on were kept for people born before 1900: their century is not certain, and they stay.
    """
    if re.match(r"[1-9][0-9]{14}\Z", old) and old[12:] < "996":
        first17 = f"{old[:6]}19{old[6:]}"
        today = first17 + citizen_id_check(first17)
        return today if is_citizen_id(today) else old
    return old


def citizen_id_before(today: str) -> tuple[str, ...]:
    """The number of 15 that a number of 18 may have been before 1999, if there was one."""
    old = today[:6] + today[8:17]
    return (old,) if len(today) == 18 and citizen_id_today(old) == today else ()


def birth_date(citizen_id: str) -> date | None:
    """The birth date inside a valid citizen number; None when the number is not valid."""
    if not CITIZEN_SHAPE.match(citizen_id) or citizen_id[17] != citizen_id_check(citizen_id[:17]):
        return None
    try:
        born = date(int(citizen_id[6:10]), int(citizen_id[10:12]), int(citizen_id[12:14]))
    except ValueError:
        return None
    return born if born.year >= EARLIEST_BIRTH else None


def is_area_code(value: str) -> bool:
    """True for six digits that begin with a province of GB/T 2260. Retired counties are still codes."""
    return bool(AREA_SHAPE.match(value))


def kind_of(catalogue: Catalogue, key_kind: str, value: str) -> str:
    """The subject kind that a key names, by the catalogue's prefixes; whatever is unknown is a natural person.

    `key_kind` is `uscc` or `citizenId`, as the caller said it. The strictest kind is the answer to doubt.
    """
    strictest = next(name for name, kind in catalogue.kinds.items() if kind.natural)
    fitting = [
        (len(prefix), name)
        for name, kind in catalogue.kinds.items()
        if kind.key == key_kind == "uscc"
        for prefix in kind.prefixes
        if value.startswith(prefix)
    ]
    return max(fitting)[1] if fitting else strictest
