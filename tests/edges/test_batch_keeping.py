"""The folder of an output that is not whole: whose answers it takes up, and what it refuses."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.asking import AskingError
from gateway.cli.batch.keeping import keep

ASKED: dict[str, Any] = {"query": "q", "list": [[2, "uscc", "x", None]], "caller": "court", "purpose": "p"}


def begin(out: Path) -> Path:
    with keep(out, ASKED) as kept:
        kept.save((0, 2), 200, {"data": {}})
    return out.with_name(out.name + ".partial")


@pytest.mark.parametrize("part", list(ASKED))
def test_another_question_is_refused_by_what_differs(tmp_path: Path, part: str) -> None:
    """Another query, list, caller or purpose never takes up the answers; the message says which of them differs."""
    begin(tmp_path / "r.json")
    with (
        pytest.raises(AskingError, match=rf"another question \(differs: {part}\)"),
        keep(tmp_path / "r.json", {**ASKED, part: "other"}),
    ):
        pass


def test_the_same_question_is_resumed_in_gaps(tmp_path: Path) -> None:
    """What is missing lies between what is kept, whatever the size of the chunks was."""
    begin(tmp_path / "r.json")
    with keep(tmp_path / "r.json", ASKED) as kept:
        kept.save((3, 4), 200, {"data": {}})
        assert kept.missing(6) == [(2, 3), (4, 6)]
        assert kept.missing(4) == [(2, 3)]


def test_answers_of_yesterday_are_not_mixed_with_those_of_today(tmp_path: Path) -> None:
    """A folder begun more than a day ago is refused with words that say what to do."""
    path = begin(tmp_path / "r.json") / "question.json"
    begun = (datetime.now(UTC) - timedelta(hours=25)).isoformat(timespec="seconds")
    path.write_text(json.dumps({**json.loads(path.read_text()), "begun": begun}))
    with pytest.raises(AskingError, match="more than a day ago"), keep(tmp_path / "r.json", ASKED):
        pass


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    """While one run is at work on a folder a second one is refused."""
    with (
        keep(tmp_path / "r.json", ASKED),
        pytest.raises(AskingError, match="another run is at work"),
        keep(tmp_path / "r.json", ASKED),
    ):
        pass


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """The folder and its files are closed to others, also when the folder was there and open."""
    folder = tmp_path / "r.json.partial"
    folder.mkdir(mode=0o755)
    begin(tmp_path / "r.json")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.json")} == {0o600}


@pytest.mark.parametrize("name", ["question.json", "answer-000000-000002.json"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    """A file that is not as it was written is told by its path, and what to do."""
    folder = begin(tmp_path / "r.json")
    (folder / name).write_text('{"x"')
    with pytest.raises(AskingError, match="is damaged; delete it"), keep(tmp_path / "r.json", ASKED) as kept:
        list(kept.chunks())
