"""Documents of a home, read before anybody asks them: checked like every other file, and never waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.app import read
from gateway.documents import DocumentError
from gateway.settings import load
from tests.conftest import House, gateway_beside

ASKED = "query Known($id: SubjectKey!) { subject(id: $id) { kind } }"


def test_a_wrong_document_is_refused_with_its_line(house: House, tmp_path: Path) -> None:
    """`check` and `serve` name the file, the line and what is wrong; a gateway with such a home does not start."""

    def edit(home: Path) -> None:
        folder = home / "documents"
        folder.mkdir()
        (folder / "a.graphql").write_text("query A {\n  nothing\n}", "utf-8")
        (folder / "b.graphql").write_text("query B {", "utf-8")
        (folder / "c.graphql").write_bytes(b"\xff")
        (folder / "d.graphql").write_text(ASKED, "utf-8")

    with pytest.raises(DocumentError) as refused, gateway_beside(house, tmp_path, edit):
        pass
    lines = refused.value.findings
    assert [line.partition(": ")[0] for line in lines] == [
        "documents/a.graphql:2", "documents/b.graphql:1", "documents/c.graphql:1",
    ]  # fmt: skip
    assert "'nothing'" in lines[0]


def test_a_right_document_is_answered(house: House, tmp_path: Path) -> None:
    """It is among what the gateway has read, and is answered as any other."""

    def edit(home: Path) -> None:
        (home / "documents").mkdir()
        (home / "documents/known.graphql").write_text(ASKED, "utf-8")

    with gateway_beside(house, tmp_path, edit) as beside:
        assert read(load(beside.home)).documents == (ASKED,)
        assert beside.ask(ASKED, "clean")["data"]["subject"]["kind"] == "Enterprise"
