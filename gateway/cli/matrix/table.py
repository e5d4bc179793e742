"""The matrix for a terminal: as many columns beside each other as it has room for, plain where it is none.

Cells hold the number of the rule that decides; the rules stand below, once.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.matrix import telling
from gateway.cli.matrix.telling import Note
from policies.matrix import Cell, Column, Group, Matrix, Section
from policies.model import ALLOW, DENY, Catalogue, Words
from policies.policyset import PolicySet

FIRST, EACH = 44, 26  # characters of the field's column, and of one answer's
ENDLESS = 100_000  # a file or pipe is never folded
STYLES = {ALLOW: "green", DENY: "dim"}


def show(found: Matrix, policies: PolicySet, language: str, out: TextIO) -> None:
    """Print to a terminal or a pipe."""
    console = Console(file=out, highlight=False, width=None if sys.stdout.isatty() else ENDLESS)
    _print(console, found, policies, language)


def plain(found: Matrix, policies: PolicySet, language: str) -> str:
    """The same as text."""
    text = io.StringIO()
    _print(Console(file=text, highlight=False, width=ENDLESS, color_system=None), found, policies, language)
    return text.getvalue()


def _print(console: Console, found: Matrix, policies: PolicySet, language: str) -> None:
    notes = telling.notes(found, policies)
    console.print(Text(f"policy set {found.digest[7:19]}, {telling.when(found.at)} Asia/Shanghai"))
    if found.until:
        console.print(Text(f"holds until {telling.when(found.until)}"))
    room = max(1, (console.width - FIRST) // EACH)
    for section in found.sections:
        console.print(Text(f"\n{section.record.name}  {_in(section.record.title, language)}", style="bold"))
        for group in section.groups:
            for start in range(0, len(section.columns), room):
                part = range(start, min(start + room, len(section.columns)))
                console.print(_table(section, group, part, policies.catalogue, notes, language))
    rules = Table("", "rule", "says", box=None, pad_edge=False)
    for note in notes.values():
        rules.add_row(str(note.number), Text(note.id), Text(_in(note.sentence, language)))
    console.print(rules)


def _table(
    section: Section, group: Group, part: Sequence[int], c: Catalogue, notes: dict[str, Note], language: str
) -> Table:
    table = Table(box=None, pad_edge=False, title=Text(_in(telling.heading(group), language)), title_justify="left")
    table.add_column("", overflow="fold")
    for place in part:
        table.add_column(Text(_column(section.columns[place], c, language)), overflow="fold")
    for line in group.lines:
        cells = [_cell([line.cells[place]], notes, language) for place in part]
        table.add_row(Text(f"{line.field.coordinate}  {line.cls.value}"), *cells)
    if group.rows:
        table.add_row(Text(_in(telling.ROWS, language)), *(_cell(group.rows[p], notes, language) for p in part))
    return table


def _cell(cells: Iterable[Cell], notes: dict[str, Note], language: str) -> Text:
    said = [f"{telling.symbol(c)} {_in(telling.effect(c), language)} {notes[c.rule].number}" for c in cells]
    effect = next((cell.effect for cell in cells), "")
    return Text("\n".join(said), style=STYLES.get(effect, "yellow" if "hide" != effect != "mark" else ""))


def _column(column: Column, c: Catalogue, language: str) -> str:
    said = [telling.about(column), *telling.purposes(column, c), None if column.held else telling.NOT_HELD]
    return "\n".join([column.asker.name, *(_in(words, language) for words in said if words)])


def _in(words: Words, language: str) -> str:
    return str(getattr(words, language))
