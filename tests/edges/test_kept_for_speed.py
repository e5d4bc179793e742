"""What is prepared, kept or read quickly gives the same, to the letter, as doing the whole anew each time.

Each referee here is the plain way, small enough to be believed: the strict JSON reader of the standard library, a
form encoded as a whole, JMESPath, tests taken one after the other, a reader that has kept nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import jmespath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.contract import Fetch, Page, Row, SubjectKey
from connectors.declaration import Request
from connectors.fields import FieldWords
from connectors.kinds.answers import MAX_DEPTH
from connectors.kinds.rest.answering import Reading
from connectors.kinds.rest.asking import Asking, Outline
from connectors.kinds.templates import PLACEHOLDER, filled
from connectors.mapping.paths import expression, path
from connectors.mapping.texts import cleaner, is_utf8, text_of
from connectors.mapping.values import Reader, compile_field
from connectors.sources import RestSource
from connectors.transport.port import Answer
from gateway.fetching.checking import recheck
from tests.edges.invented import FIRM, OTHER, PERSON, TERMS

pytestmark = pytest.mark.reckoning

ODD = [
    b"\xef\xbb\xbf", b"NaN", b"-Infinity", b"1e999", b"1E400", b"-0", b"0.10", b"00", b"1.", b'"\\ud800"', b'"\\ud83d"',
    b'"\\ud83d\\ude00"', b"\xed\xa0\x80", b"\xff", b"\x00", b'"a\tb"', b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\",
    b'{"a":1,"a":2}', b"9" * 40, b"9" * 4301, b"[" * 40, b"[" * 40 + b"]" * 40, b"[" * 32 + b"]" * 32,
    b"[" * 33 + b"]" * 33, b'{"a":[' * 17 + b"1" + b"]}" * 17, b" ", b"//", b"null", b"\xc0\x80", b"1e1" + b"0" * 30,
]  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=4))
JSON = st.recursive(
    LEAVES, lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(max_size=2), each, max_size=4)
)


def told(what: Callable[[], Any]) -> tuple[str, str]:
    """The type and spelling of a result, or the type of the error: 1 is not True here, and 1.0 not 1.00."""
    try:
        value = what()
    except Exception as error:  # noqa: BLE001  # two ways are compared, also in how they fail
        return "error", type(error).__name__
    return type(value).__name__, repr(value)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """JSON as it may come, more or less: with odd pieces put in, or of nothing else."""
    body = json.dumps(draw(JSON), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    for piece in draw(st.lists(st.sampled_from(ODD), max_size=3)):
        at, gone = draw(st.integers(0, len(body))), draw(st.sampled_from([0, 1, len(body)]))
        body = body[:at] + piece + body[at + gone :]
    return body


def strictly(body: bytes, encoding: str) -> Any:
    def refuse(word: str) -> Any:
        raise ValueError(word)

    def depth(value: Any) -> int:
        held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if held is None else 1 + max(map(depth, held), default=0)

    if encoding != "utf-8" and is_utf8(body):
        raise ValueError("Chinese in UTF-8 that was declared otherwise")
    text = body.decode(encoding).removeprefix("\ufeff")
    value = json.loads(text, parse_float=Decimal, parse_constant=refuse)
    return value if depth(value) <= MAX_DEPTH else sys.maxsize


@settings(max_examples=600, deadline=None)
@example(b'["\xe0\xa0\x81\xe4\xb8\x80"]', "gb18030")
@given(bodies(), st.sampled_from(["utf-8", "gb18030"]))
def test_json_is_read_as_the_strict_reader_reads_it(body: bytes, encoding: str) -> None:
    """Whatever the bytes, the quick reader gives what the strict one gives, and refuses what that refuses."""
    source = RestSource.model_validate({"kind": "rest", "base": "env:BASE", "encoding": encoding})
    ours = told(lambda: Reading(source).body(Answer(200, {}, body)))
    theirs = told(lambda: strictly(body, encoding))
    if theirs[0] == "error":
        assert ours == ("error", "Unavailable")
    elif theirs[1] == repr(sys.maxsize):
        assert ours == ("error", "ContractBroken")
    else:
        assert ours == theirs


NAMES = st.sampled_from(["a", "A", "_1"])
NESTED = st.dictionaries(NAMES, LEAVES | st.dictionaries(NAMES, LEAVES | st.dictionaries(NAMES, LEAVES)))


@settings(max_examples=400, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=3), LEAVES | st.lists(NESTED, max_size=1) | NESTED)
def test_plain_names_are_found_where_jmespath_finds_them(names: Sequence[str], body: Any) -> None:
    """A place such as `data.rows` means the same with and without a JMESPath engine."""
    text = ".".join(names)
    assert told(lambda: expression(text)(body)) == told(lambda: jmespath.search(text, body))


def test_nothing_stray_is_printable() -> None:
    """A printable text needs no search: of all characters that are removed from texts, none is printable."""
    clean = cleaner(False, frozenset())
    every = map(chr, range(sys.maxunicode + 1))
    removed = [sign for sign in every if clean(f"{sign}\n") == "\n" and sign != "\n"]
    assert len(removed) == 30 + 33 + 10 + 2048  # controls but two blanks, DEL and C1, bidirectional, surrogates, BOM
    assert not any(map(str.isprintable, removed))


TEXTS = ["", "1", "2", "-1", "0", "true", "false", "无", "A", "a", "2019-01-02", "20190102", "2099-12-31", " 2 ", "1e5"]
RAWS = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from([None, True, False, 0, 1, -1, 2, 1.0, 0.1, 20190102, 1546272000000, [1], ["1", True], {"a": 1}]),
    st.sampled_from([Decimal(text) for text in ("1", "1.0", "0.10", "1E+5", "1E-9", "NaN", "1E+999", f"1.{'0' * 45}")]),
    st.text(max_size=3),
)
FIELDS: dict[str, dict[str, Any]] = {
    "decided": {"date": ["%Y-%m-%d", "%Y%m%d", "epochMillis"], "never": ["2099-12-31"], "unknown": ["A"]},
    "touched": {"timestamp": ["%Y-%m-%d", "epochMillis"]},
    "fine": {"unit": {"from": "yuan", "to": "wan"}},
    "points": {"number": "text"},
    "young": {"vocabulary": {"1": "true", "2": "false", "A": "odd"}},
    "state": {"vocabulary": {"1": "ACTIVE", "A": "REVOKED", "2": "ODD"}, "upper": True, "other": None},
    "kinds": {"vocabulary": {"1": "FINE"}, "split": "、"},
    "area": {"take": 6, "check": "gbt2260"},
    "holder": {},
}


def reader(field: str, **words: Any) -> Reader:
    given = FieldWords.model_validate({**words, "path": "X"} if "when" not in words else words)
    term = TERMS.types["Permit"].fields[field]
    return compile_field(given, term, path, TERMS, trim=True, nulls=frozenset({"", "无", "-1"}))


@given(st.sampled_from(sorted(FIELDS)), st.lists(RAWS, max_size=12))
def test_a_reading_does_not_depend_on_those_before(field: str, raws: Sequence[Any]) -> None:
    """A reader that has read much gives what a new one gives: 1, True, 1.0 and "1" are not taken for each other."""
    old = reader(field, **FIELDS[field])
    for raw in [*raws, *raws]:
        new = reader(field, **FIELDS[field])
        assert told(partial(old.read, {"X": raw})) == told(partial(new.read, {"X": raw}))


FEW = st.sampled_from(["1", "2", "true"])
TESTS = st.fixed_dictionaries({"path": st.sampled_from("XY"), "is": st.lists(FEW, min_size=1, max_size=2)})
BRANCHES = st.one_of(TESTS, st.fixed_dictionaries({"all": st.lists(TESTS, min_size=1, max_size=2)}))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(BRANCHES, st.sampled_from(["ACTIVE", "REVOKED"])), min_size=1, max_size=6),
    st.fixed_dictionaries({}, optional={"X": FEW | RAWS, "Y": FEW | RAWS}),
)
def test_the_first_branch_that_fits_decides(branches: Sequence[tuple[Any, str]], row: Mapping[str, Any]) -> None:
    """Branches on one place are looked up together, and still the first that fits decides, or none."""
    clean = cleaner(True, frozenset({"", "无", "-1"}))

    def holds(test: Mapping[str, Any]) -> bool:
        raw = clean(row.get(test["path"]))
        return (None if raw is None else text_of(raw)) in test["is"]

    def one_by_one() -> str | None:
        for tests, then in branches:
            if all(map(holds, tests.get("all", [tests]))):
                return then
        return None

    together = reader("state", when=[{**tests, "then": then} for tests, then in branches])
    assert told(lambda: together.read(row)) == told(one_by_one)


PIECES = ["{subject}", "{subjects}", "{projection}", "a b&=+/%甲", "x"]
TEMPLATES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join)
PAIRS = st.dictionaries(st.sampled_from(["code", "页 a&b"]), TEMPLATES)


@given(
    st.sampled_from(["query", "form", "json"]),
    TEMPLATES,
    PAIRS,
    st.lists(st.sampled_from([FIRM, OTHER, "../?x=1&y#", "甲 乙", "{projection}"]) | st.text(max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["code", "页"]), st.integers(0, 99) | st.text(max_size=3)),
    st.sampled_from([None, "||"]),
)
def test_a_question_is_what_filling_in_and_encoding_the_whole_gives(
    place: str, way: str, pairs: Mapping[str, str], subjects: Sequence[str], more: Mapping[str, Any], join: str | None
) -> None:
    """An outline with its gaps filled is the template filled first and encoded then, whatever stands in the gaps."""
    sign = join or ","
    subjects = [subject for subject in subjects if sign not in subject]
    slots = {"subject": (*subjects, "")[0], "subjects": sign.join(subjects), "projection": "id,码"}
    target = "/" + PLACEHOLDER.sub(lambda found: quote(slots[found[1]], safe=""), way)
    asked = {**filled(pairs, slots), **more}
    body = b""
    if place == "form":
        body = urlencode(asked).encode()
    elif place == "json":
        listed = {**slots, "subjects": list(subjects)} if join is None else slots
        body = json.dumps({**filled(pairs, listed), **more}, ensure_ascii=False).encode()
    elif asked:
        target += "?" + urlencode(asked, quote_via=quote)
    words = {"method": "POST", "path": "/" + way, place: pairs, "join": join}
    outline = Outline(Asking(Request.model_validate(words), {}, str), ["id", "码"])
    question = outline.question(subjects, more)
    assert (question.target, question.body) == (target, body)
    assert question.headers is outline.question([FIRM], {}).headers


ROWS = st.builds(
    Row,
    st.just("1"),
    st.sampled_from([SubjectKey("uscc", FIRM), SubjectKey("uscc", OTHER), SubjectKey("citizenId", PERSON)]),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=2),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ROWS, min_size=2), st.frozensets(st.sampled_from("ab")), st.sampled_from([(), (FIRM,), (FIRM, OTHER)]))
def test_rows_are_cut_to_the_question_one_by_one(
    rows: Sequence[Row], fields: frozenset[str], firms: tuple[str, ...]
) -> None:
    """Whatever rows came before, each keeps asked fields only, and only rows of asked subjects stay."""
    subjects = tuple(SubjectKey("uscc", firm) for firm in firms)
    kept, dropped = recheck(Fetch("Permit", fields, subjects), [Page(rows)])
    mine = [row for row in rows if (row.subject in subjects if subjects else row.subject.kind == "uscc")]
    assert dropped == len(rows) - len(mine)
    for key, found in kept.items():
        wanted = [row for row in mine if not subjects or row.subject == key]
        assert [row.values for row in found] == [
            {name: value for name, value in row.values.items() if name in fields} for row in wanted
        ]
