"""The proposal as a YAML file: sure lines stand there, whatever somebody must decide is a comment beside them.

A column that is sure is still a comment when its words are not: an amount whose unit nobody said, a day without a
value to see its format by, codes that are called nothing in the catalogue. Of values, only words for nothing, days
that are none and the codes of lists are written; names and numbers of anybody never are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.suggesting.looks import Looks, coded_values, codes
from connectors.suggesting.matching import SUBJECT, Suggestion, check_of, of_subject
from connectors.suggesting.names import Column, FieldName, Names
from connectors.suggesting.spellings import english, says, unbracketed

_SEPARATORS = ("、", "；", ";", ",", "|")
_MARKS = ("deleted", "delete", "del", "scbz", "sczt", "sfsc")
_SHOWN = 12
_UNITS = {"万元": "wan", "元": "yuan"}
_AMOUNT = re.compile(r"[十百千拾佰仟万亿美港日欧韩台澳]*元")
_YUAN = ("人民币", "人民币元", "156", "CNY", "RMB")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the columns came from: `origin` is the word of the kind, `head` its own lines of the type."""

    said: str  # what was read, for the first line
    origin: str  # `column` or `path`
    sources: str  # the block `sources`, or a comment in its place
    head: str  # lines of the type before its key
    tail: str = ""  # lines after its fields


def proposal(found: Sequence[Suggestion], names: Names, source: Source) -> str:
    """The text of a declaration to be finished by hand."""
    best, fields = found[0], names[found[0].type]
    sure = sum(len(columns) for columns in best.sure.values())
    others = ", ".join(each.type for each in found[1:3] if each.weight) or "none"
    lines = [
        f"# Proposed from {source.said}: {sure} of {len(best.columns)} columns are sure. Other types: {others}.",
        "# A line without `#` is sure: the name says it, and the values do not say otherwise. Decide about the others,",
        "# write your region, name and contact, and run `credit-gateway connector check FILE`.",
        "platform: 370000-proposal",
        "version: 0.1.0",
        'region: "370000"',
        "title: {zh: 待定, en: To be named}",
        "owner: {office: 待定, contact: to-be-named}",
        'catalogue: ">=2026 <2027"',
        source.sources,
        "types:",
        f"  {best.type}:" + ("" if best.weight else "   # nothing speaks for this type: is it the one?"),
        *(f"    {line}" for line in source.head.splitlines()),
        *(f"    {line}" for line in _rows(best, fields, source.origin)),
        "    fields:",
        *(f"      {line}" for key in best.sure for line in _field(best, fields, key, source)),
        *(f"    {line}" for line in _left(best)),
        *(f"    {line}" for line in source.tail.splitlines()),
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _rows(best: Suggestion, fields: Mapping[str, FieldName], origin: str) -> Iterator[str]:
    unique = [column.name for column in best.columns if _once(column, best.looks[column.name])]
    first = _word(unique[0]) if unique else ""
    once = ", ".join(map(_plainly, unique)) or "none"
    yield f"# key: [{first}]   # columns with each value once: {once}; is it so for good?"
    subjects = [claimed[0][0] for key, claimed in best.sure.items() if of_subject(fields[key])]
    if subjects:
        yield f"subject: {{uscc: {{{origin}: {_word(subjects[0])}}}}}"
    elif codes := _codes(best):
        own = next((each for each in codes if says(each.label, SUBJECT) or says(each.name, SUBJECT)), None)
        told = "" if own else "   # its values are such codes; are they the subject's own?"
        yield f"{'' if own else '# '}subject: {{uscc: {{{origin}: {_word((own or codes[0]).name)}}}}}{told}"
    else:
        yield f"# subject: {{uscc: {{{origin}: }}}}   # no column is sure to hold the subject's code"
    for name in _marked(best)[:1]:
        yield f'# deleted: {{{origin}: {_word(name)}, is: "1"}}   # what it holds when a row is deleted, you know'
    meant = _meant(best, fields)
    nothing = dict.fromkeys(word for each in best.looks.values() for word in each.nothing if word not in meant)
    if nothing:
        yield f"null: {json.dumps(list(nothing), ensure_ascii=False)}"


def _meant(best: Suggestion, fields: Mapping[str, FieldName]) -> frozenset[str]:
    """Words for nothing that are a code of some column: 无 is a band of arrears, or the no of a flag."""
    return frozenset(
        word
        for key, claimed in best.sure.items()
        for column, _ in claimed
        for word in best.looks[column].nothing
        if _is_code(word, fields[key])
    )


def _is_code(word: str, name: FieldName) -> bool:
    return word in name.labels or (name.kind == "flag" and word == "无")


def _codes(best: Suggestion) -> list[Column]:
    """Columns of valid codes of organisations that no field is for: many types have none for their subject's."""
    taken = {column for claimed in best.sure.values() for column, _ in claimed}
    looked = [(each, best.looks[each.name]) for each in best.columns if each.name not in taken]
    return [each for each, looks in looked if looks.said and not looks.against("code", "uscc")]


def _marked(best: Suggestion) -> list[str]:
    """Columns that seem to say that a row is deleted."""
    return [each.name for each in best.columns if set(english(each.name)) & set(_MARKS) or each.name.lower() in _MARKS]


def _once(column: Column, looks: Looks) -> bool:
    return len(looks.said) > 1 and len(set(looks.said)) == len(column.values)


def _field(best: Suggestion, fields: Mapping[str, FieldName], key: str, source: Source) -> Iterator[str]:
    name, claimed = fields[key], best.sure[key]
    places = [f"{{{source.origin}: {_word(column)}}}" for column, _ in claimed]
    origin = places[0][1:-1] if len(places) == 1 else f"first: [{', '.join(places)}]"
    looks = [best.looks[column] for column, _ in claimed]
    labels = " ".join(column.label for column in best.columns if column.name in dict(claimed))
    words, doubt = _words(name, looks, labels)
    currency, strange = _currency(best, fields, name, source.origin)
    words, doubt = [*words, *filter(None, [currency])], "; ".join(filter(None, [doubt, strange]))
    meant = _meant(best, fields)
    nothing = sorted({word for each in looks for word in each.nothing if word in meant and not _is_code(word, name)})
    words += [f"null: {json.dumps(nothing, ensure_ascii=False)}"] if nothing else []
    why = f"{claimed[0][1].weight:.2f} {claimed[0][1].manner}" + (f"; {doubt}" if doubt else "")
    yield f"{'# ' if doubt else ''}{name.name}: {{{', '.join([origin, *words])}}}   # {why}"


def _currency(best: Suggestion, fields: Mapping[str, FieldName], name: FieldName, origin: str) -> tuple[str, str]:
    """The words for an amount whose currency stands in a column of its own, and what about them is in doubt."""
    said = f"{unbracketed(name.zh)}币种"
    sure = [claimed[0][0] for key, claimed in best.sure.items() if fields[key].zh == said]
    column = next(
        iter([*sure, *(each for each, found in best.unsure.items() if fields[found[0].field].zh == said)]), None
    )
    if name.kind != "money" or column is None:
        return "", ""
    looks = best.looks[column]
    yuan = [*(word for word in _YUAN if word in looks.said), *([None] if looks.nothing else [])]
    words = f"currency: {{{origin}: {_word(column)}, is: {json.dumps(yuan or ['156'], ensure_ascii=False)}}}"
    return words, "" if yuan else f"which words of {column} mean yuan?"


def _words(name: FieldName, looks: Sequence[Looks], labels: str) -> tuple[list[str], str]:
    """The words for reading a field's values, and what about them is in doubt."""
    said = [text for each in looks for text in (*each.said, *(word for word in each.nothing if _is_code(word, name)))]
    words: list[str] = []
    listed = name.many and not any(each.many for each in looks)  # what comes again is a list by itself
    split = next((sign for sign in _SEPARATORS if any(sign in text for text in said)), "、") if listed else None
    called = {code: words for each in looks for code, words in each.codes.items()}
    if split is not None:
        words.append(f'split: "{split}"')
    match name.kind:
        case "date" | "timestamp":
            formats = list(dict.fromkeys(form for each in looks for form in each.formats))
            formats += ["epochMillis"] if any(each.millis for each in looks) else []
            words.append(f"{name.kind}: {json.dumps(formats)}")
            never = list(dict.fromkeys(day for each in looks for day in each.never))
            words += [f"never: {json.dumps(never)}"] if never and name.kind == "date" else []
            unknown = list(dict.fromkeys(day for each in looks for day in each.unknown))
            words += [f"unknown: {json.dumps(unknown)}"] if unknown and name.kind == "date" else []
            return words, "" if formats else "how its days are written nobody has seen"
        case "money":
            units = sorted(set(_AMOUNT.findall(labels)))
            unit = _UNITS.get(units[0], "") if len(units) == 1 else ""
            words.append(f"unit: {{from: {unit or 'yuan | wan'}, to: wan}}")
            words += ["number: text"] if any(not each.plain_numbers for each in looks) else []
            return words, "" if unit else "is it 元 or 万元?" + (f" it says {', '.join(units)}" if units else "")
        case "enum" | "flag":
            known, strange = codes([*called, *said], name.labels, split, called)
            if known:
                words.append(f"vocabulary: {json.dumps(known, ensure_ascii=False)}")
            told = f"what do {json.dumps(strange[:_SHOWN], ensure_ascii=False)} mean?" if strange else ""
            if strange and not called and not coded_values(said, split):
                told = f"{len(strange)} different texts, which are no codes of a list"
            return words, told or ("" if called or said else "which codes it holds nobody has seen")
        case "idNumber" if any(len(text) == 15 for text in said):
            words.append("convert: citizenId18")
    check = check_of(name)
    words += ["take: 6"] if check == "gbt2260" else []
    words += [f"check: {check}"] if check else []
    return words, ""


def _left(best: Suggestion) -> Iterator[str]:
    if best.unsure:
        yield "# To decide: column -> fields that it may be"
    for column, candidates in best.unsure.items():
        told = ", ".join(f"{each.field} {each.weight:.2f} ({each.manner})" for each in candidates[:3])
        yield f"#   {_plainly(column)}: {told}"
    taken = {column for claimed in best.sure.values() for column, _ in claimed} | best.unsure.keys()
    taken |= {*_marked(best)[:1], *(column.name for column in _codes(best))}
    nobodys = [_called(column) for column in best.columns if column.name not in taken]
    if nobodys:
        yield f"# Nothing in the catalogue is called so: {', '.join(nobodys)}"


def _called(column: Column) -> str:
    name = _plainly(column.name)
    return f"{name} ({column.label})" if column.label not in ("", column.name) else name


def _plainly(name: str) -> str:
    """A name on one line, for comments."""
    return " ".join(name.split())


def _word(name: str) -> str:
    """A name as YAML takes it, also in a list or a mapping on one line."""
    return name if name.replace("_", "").isalnum() and not name[:1].isdigit() else json.dumps(name, ensure_ascii=False)
