"""Invented identifiers that are valid by their standards: USCC (GB 32100, GB 11714) and citizen ID (GB 11643).

Every code is recognisably invented: an organisation code begins with `DEM`, a citizen ID has an area that
stands for "districts under the city" (`..01`), to which nobody is registered, and a sequence number from
900. It never takes a code from outside; the check characters are those of the standards.
"""

from __future__ import annotations

from datetime import date

from policies.identifiers import USCC_ALPHABET, citizen_id_check, organisation_code_check, uscc_check

NUMBERED = 100_000  # serials that are written in digits; above them a letter stands first
SERIALS = NUMBERED + 10_000 * len(USCC_ALPHABET[10:])


def uscc(prefix: str, area: str, serial: int) -> str:
    """18 characters: `prefix` is department and category (`91`), `area` six digits, `serial` below SERIALS."""
    tens = divmod(serial - NUMBERED, 10_000)
    five = f"{serial:05d}" if serial < NUMBERED else f"{USCC_ALPHABET[10:][tens[0]]}{tens[1]:04d}"
    organisation = f"DEM{five}"
    body = f"{prefix}{area}{organisation}{organisation_code_check(organisation)}"
    return body + uscc_check(body)


def citizen_id(city: str, born: date, sequence: int) -> str:
    """18 characters: `city` is four digits, `sequence` 900 to 999 (odd: male)."""
    body = f"{city}01{born:%Y%m%d}{sequence:03d}"
    return body + citizen_id_check(body)


def old_citizen_id(code: str) -> str:
    """The 15 digits that the same person carried before 1999: no century, no check character."""
    return code[:6] + code[8:17]
