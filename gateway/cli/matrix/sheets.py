"""The matrix as sheets: as CSV, a line for each field and a column for each caller; a workbook, a sheet for each type.

No cell is ever a formula or a link. The CSV depends on the answers alone, so that two of them can be compared.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from gateway.cli.matrix import telling
from gateway.cli.matrix.telling import guarded
from gateway.deciding.registered import BEYOND
from policies.matrix import Cell, Column, Matrix, Section
from policies.model import ALLOW, DENY, Catalogue, Words
from policies.policyset import PolicySet

HEAD = ("type", "field", "zh", "en", "class", "subjects", "consent", "given")
COLOURS = {ALLOW: "#DDF3E4", DENY: "#ECEEF1", "rows": "#FFFFFF"}
MASKED = "#FFF0CC"
LONGEST_NAME = 31  # characters of a sheet's name


def csv_text(found: Matrix, catalogue: Catalogue) -> str:
    """A line for each field (none: the row rules) and situation; a cell says `effect rule`, and after it the answers
    that differ, each with its purposes. The second line says which purposes are registered.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    voices = [(asker, own) for asker in found.askers for own in ((True, False) if asker.own else (False,))]
    said = {True: "yes", False: "no", None: ""}

    def write(*line: str) -> None:
        writer.writerow([guarded(entry) for entry in line])

    write(*HEAD, *(f"{who.name}{' (self)' if own else ' (other)' if who.own else ''}" for who, own in voices))
    held = [{None, *(catalogue.purposes if who.purposes is None else who.purposes)} for who, _ in voices]
    registered = ("可用目的", "purposes that may be asked for")
    write("", "", *registered, "", "", "", "", *(telling.listed(codes, catalogue) for codes in held))
    for section in found.sections:
        columns = [[n for n, c in enumerate(section.columns) if (c.asker, c.own) == voice] for voice in voices]

        def answers(
            cells: Sequence[tuple[Cell, ...]], section: Section = section, columns: list[list[int]] = columns
        ) -> list[str]:
            return [_answers({n: cells[n] for n in mine}, section, catalogue) for mine in columns]

        for group in section.groups:
            subjects = " ".join(kind.name for kind in group.kinds)
            end = (subjects, said[group.situation.consent], " ".join(group.situation.given or ()))
            for line in group.lines:
                item = line.field
                head = (section.record.name, item.coordinate, item.title.zh, item.title.en, line.cls.value)
                write(*head, *end, *answers([(cell,) for cell in line.cells]))
            if group.rows:
                write(section.record.name, "", telling.ROWS.zh, telling.ROWS.en, "", *end, *answers(group.rows))
    return text.getvalue()


def _answers(cells: Mapping[int, tuple[Cell, ...]], section: Section, catalogue: Catalogue) -> str:
    """What the columns of one caller say, equal answers together; none is there beyond its ceiling of types."""
    if not cells:
        return f"{DENY} {BEYOND}"
    found: dict[str, list[str | None]] = {}
    for number, answer in cells.items():
        text = " + ".join(f"{cell.effect} {cell.rule}" for cell in answer) or "nothing"
        found.setdefault(text, []).extend(section.columns[number].purposes)
    first = max(found, key=lambda text: len(found[text]))
    others = [f"{text} [{telling.listed(codes, catalogue)}]" for text, codes in found.items() if text != first]
    return " | ".join([first, *others])


def workbook(found: Matrix, policies: PolicySet) -> bytes:
    """A sheet that says what this is, one for each record type, and one with the rules in words."""
    data = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(data, options)
    sheets = _Sheets(book)
    c = policies.catalogue
    until = telling.when(found.until) or "-"
    sheets.add("说明 About", [28, 60, 40, 40], [
        ["谁能看到什么", "Who sees what"],
        ["策略 policy set", found.digest],
        ["时间 instant", f"{telling.when(found.at)} Asia/Shanghai"],
        ["有效至 holds until", until],
        ["记录所在 records of", _both(c.provinces[found.province[:2]])],
        [],
        *(
            [who.name, _both(who.title), _both(telling.asker(who, c)), " ".join(sorted(who.scopes))]
            for who in found.askers
        ),
    ])  # fmt: skip
    for section in found.sections:
        sheets.section(section, policies)
    rules = [
        [note.id, note.sentence.zh, note.sentence.en, _both(note.why), note.law, note.where]
        for note in telling.notes(found, policies).values()
    ]
    sheets.add("规则 Rules", [40, 60, 60, 40, 40, 24], [["rule", "zh", "en", "why", "law", "file"], *rules])
    book.close()
    return data.getvalue()


class _Sheets:
    """The sheets of one workbook, and the looks of its cells."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._names: set[str] = set()
        self._plain = book.add_format({"text_wrap": True, "valign": "top"})
        self._head = book.add_format({"text_wrap": True, "valign": "top", "bold": True, "border": 1})
        self._looks: dict[str, Format] = {}

    def add(self, name: str, widths: list[int], lines: list[list[str]]) -> None:
        sheet = self._sheet(name)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        for number, line in enumerate(lines):
            self._line(sheet, number, line, self._head if number == 0 else self._plain)
        sheet.freeze_panes(1, 0)

    def section(self, section: Section, policies: PolicySet) -> None:
        sheet = self._sheet(section.record.name)
        columns = section.columns
        fixed = ["主体 subject", "数据项", "field", "coordinate", "类别 class", "情形 situation"]
        sheet.set_column(0, 1, 18)
        sheet.set_column(2, 3, 28)
        sheet.set_column(4, 5, 14)
        sheet.set_column(6, 5 + len(columns), 24)
        self._line(sheet, 0, [_both(section.record.title), *[""] * 5, *(c.asker.name for c in columns)], self._head)
        self._line(sheet, 1, [*fixed, *(_column(c, policies) for c in columns)], self._head)
        sheet.freeze_panes(2, 4)
        number = 2
        for group in section.groups:
            subject = _both(telling.kinds(group))
            situation = "\n".join(_both(words) for words in telling.situation(group))
            for line in group.lines:
                field = line.field
                head = [subject, field.title.zh, field.title.en, field.coordinate, line.cls.value]
                self._answers(sheet, number, [*head, situation], [(cell,) for cell in line.cells])
                number += 1
            if group.rows:
                head = [subject, telling.ROWS.zh, telling.ROWS.en, "", "", situation]
                self._answers(sheet, number, head, group.rows)
                number += 1

    def _answers(self, sheet: Worksheet, number: int, head: list[str], cells: Iterable[tuple[Cell, ...]]) -> None:
        self._line(sheet, number, head, self._plain)
        for place, answer in enumerate(cells, len(head)):
            text = "\n".join(f"{telling.symbol(cell)} {_both(telling.effect(cell))} · {cell.rule}" for cell in answer)
            look = answer[0].effect if len(answer) == 1 and answer[0].effect not in {"hide", "mark"} else "rows"
            sheet.write_string(number, place, guarded(text), self._look(look))

    def _line(self, sheet: Worksheet, number: int, texts: Iterable[str], look: Format) -> None:
        for place, text in enumerate(texts):
            sheet.write_string(number, place, guarded(text), look)

    def _look(self, effect: str) -> Format:
        if effect not in self._looks:
            colour = COLOURS.get(effect, MASKED)
            self._looks[effect] = self._book.add_format(
                {"text_wrap": True, "valign": "top", "bg_color": colour, "border": 1, "border_color": "#8592A0"}
            )
        return self._looks[effect]

    def _sheet(self, name: str) -> Worksheet:
        short, number = name[:LONGEST_NAME], 2
        while short.casefold() in self._names:
            short = f"{name[: LONGEST_NAME - 3]}~{number}"
            number += 1
        self._names.add(short.casefold())
        return self._book.add_worksheet(short)


def _column(column: Column, policies: PolicySet) -> str:
    said = [telling.about(column), *telling.purposes(column, policies.catalogue)]
    said.append(None if column.held else telling.NOT_HELD)
    return "\n".join(_both(words) for words in said if words)


def _both(words: Words) -> str:
    return words.zh if words.en in words.zh else f"{words.zh} {words.en}"
