"""The house's reader of YAML: it says what ruamel.yaml says, on the same lines, and refuses what could surprise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gateway.documents import Document, DocumentError
from gateway.yaml_texts import MAX_ALIASES, MAX_DEPTH

ROOT = Path(__file__).parents[2]
FILES = sorted(path for room in ("policies", "connectors", "deploy") for path in (ROOT / room).rglob("*.yaml"))


def told(node: Any, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int, Any]]:
    """Every place of ruamel's tree with its line, and what stands there where it is no mapping or list."""
    keys = node if isinstance(node, CommentedMap) else range(len(node))
    for key in keys:
        here, value = (*loc, "null" if key is None else key), node[key]
        if isinstance(value, CommentedMap | CommentedSeq):
            yield here, node.lc.data[key][0] + 1, type(value)
            yield from told(value, here)
        else:
            yield here, node.lc.data[key][0] + 1, value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_shipped_files_say_what_another_reader_reads(path: Path) -> None:
    """Each key, item, value and line of each shipped file is what ruamel.yaml makes of it."""
    document = Document(path.name, path.read_bytes())
    places = 0
    for loc, line, value in told(YAML(typ="rt").load(path.read_text("utf-8"))):
        found = document.data
        for part in loc:
            found = found[part]
        assert document.line(loc) == line, loc
        if value is CommentedMap or value is CommentedSeq:
            assert isinstance(found, dict if value is CommentedMap else list), loc
        else:
            assert found == value, loc
            assert type(found) in (str, bool, int, float, date, datetime, type(None)), loc
        places += 1
    assert places


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *((word, word) for word in ("no", "off", "y", "08:00", "1:30", "2026-1-1", "=", "http://a.example/b?c", "0o8")),
        ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("12", 12), ("-3", -3), ("0o17", 15), ("0x1F", 31), ("1_000", 1000), ("017", 17), ("1.5", 1.5), ("1e3", 1000.0),
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T10:00:00+08:00", datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=8)))),
        ('"12"', "12"), ("'true'", "true"), ("!!str 12", "12"), ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two\n", "one two"), ('"\\u4e2d"', "中"), ("[a, {b: c:d}]", ["a", {"b": "c:d"}]),
    ],
)  # fmt: skip
def test_what_a_word_means(word: str, meant: Any) -> None:
    """Words mean what YAML 1.2 says; only what is quoted, or could be nothing else, is text."""
    found = Document("a.yaml", f"key: {word}".encode()).data["key"]
    assert found == meant
    assert type(found) is type(meant)


def test_aliases_and_merges() -> None:
    """An alias is what it stands for; a mapping's own words prevail over merged ones, and those merged first."""
    text = (
        b"one: &one {a: 1, b: 2}\ntwo: &two {b: 3, c: 4}\nsame: *one\nboth: {<<: [*one, *two], a: 0}\ntext: {'<<': x}"
    )
    data = Document("a.yaml", text).data
    assert data["same"] == {"a": 1, "b": 2}
    assert data["both"] == {"a": 0, "b": 2, "c": 4}
    assert data["text"] == {"<<": "x"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", '3: found duplicate key "a"'),
        ("a: 1\nb: {c: [1, 2], c: 2}", '2: found duplicate key "c"'),
        ("a: {x: &x {y: 1}}\nb:\n  <<: *x\n  <<: *x", '4: found duplicate key "<<"'),
        ("a: 1\n0123: x", "2: a key is text"),
        ("a:\n  [b, c]: x", "2: a key is text"),
        ("a:\n  - !x y", "2: a tag such as"),
        ("a:\n  b: !x {c: d}", "2: a tag such as"),
        ('a: 1\nb: !!int "3"', "2: a tag such as"),
        ("a: !!binary aGFsbG8=", "1: a tag such as"),
        ("a: !!python/object/apply:os.system [ls]", "1: a tag such as"),
        ("a: 1\n---\nb: 2", "2: another document begins"),
        ("%YAML 1.1\n---\na: no", "1: files are read as YAML 1.2"),
        ("a: 1\nb: *nobody", "2: found undefined alias"),
        ("a: &a [*a]", "1: found undefined alias"),
        ("a: 1\nb:\n  <<: [1]", "3: `<<` takes mappings"),
        ("a: 1\nb: 2026-13-45", "2: looks like a day or a number and is none"),
        ("a: &x 1\nb: [" + "*x, " * MAX_ALIASES + "*x]", f"1: more than {MAX_ALIASES} aliases"),
        ("a: 1\nb: " + "[" * 100_000, "2: exceeded maximum nesting depth"),
        ("a: 1\nb:\n  " + "- " * 10_000 + "x", f"3: more than {MAX_DEPTH} levels"),
        ("a: " + "{b: " * 100_000, f"1: more than {MAX_DEPTH} levels"),
        ("a: 1\nb: c: d", "2: mapping values are not allowed"),
        ("a: 1\nb: [1, 2\nc: 3", "3: did not find expected"),
        ("a: 1\n\tb: 2", "2: a tab stands here"),
        ("a:\n  - b: 1\n　　　　c: 2\n    d: 3", "3: a wide blank stands here"),
        ("a:\n  b: 1\n  c：2\n  d: 3", "3: a wide colon stands here"),
        ("a: 1\nb：2", "2: a wide colon stands here"),
        ("a: `b`", "1: found character that cannot start any token"),
        ("a: \x01", "1: "),
        ("- a", "1: a mapping of words is expected"),
        ("", "1: a mapping of words is expected"),
        ("# nothing", "1: a mapping of words is expected"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    """What another reader might take otherwise, or what could exhaust one, is refused with its line."""
    with pytest.raises(DocumentError) as refused:
        Document("a.yaml", text.encode())
    assert refused.value.findings[0].startswith(f"a.yaml:{said}")


def test_the_quick_reader_is_used() -> None:
    """Reading is libyaml's: what the lock installs has it."""
    assert yaml.__with_libyaml__
