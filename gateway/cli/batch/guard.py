"""Text that a spreadsheet must not take for something else: a formula, or a number that loses its digits.

After OWASP, CSV Injection: a leading apostrophe makes the cell text. What began with an apostrophe gets another
one, so that taking one away gives back exactly what was guarded.
"""

from __future__ import annotations

import re

# a sign that opens a formula, also full-width and behind blanks that a spreadsheet trims; or a control at the start
FORMULA = re.compile(r"[\s\x00-\x1f\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\x00]")
# shown as 1.2E+17 and cut to 15 digits when saved, or without its zeros in front
NUMBER = re.compile(r"\d{12,}\Z|0\d+\Z|\d+(\.\d+)?[eE][+-]?\d+\Z")
MARK = "'"


def is_formula(text: str) -> bool:
    return FORMULA.match(text) is not None


def guarded(text: str) -> str:
    """Safe to open in a spreadsheet from a CSV file."""
    return MARK + text if text.startswith(MARK) or is_formula(text) or NUMBER.match(text) else text


def unguarded(text: str) -> str:
    """What was guarded."""
    return text.removeprefix(MARK)
