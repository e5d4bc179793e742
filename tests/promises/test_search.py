"""Search finds organisations by a part of their name, whatever the spelling, and never a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.auditing import recorded
from gateway.auditing.usage import usage
from tests.conftest import House, gateway_beside
from tests.promises.test_denied_is_never_fetched import Recorder

SEARCH = """query($name: String!, $kind: [SubjectKind!], $first: Int! = 20, $after: String, $where: [RegionCode!]) {
    search(name: $name, kind: $kind, first: $first, after: $after, regions: $where) {
        nodes { uscc kind name areaCode provenance { platform } }
        edges { cursor node { uscc } }
        pageInfo { hasNextPage endCursor } totalCount complete sources { platform status records } } }"""
PROVINCE, YANTAI = "370000-shandong-province", "370600-yantai-credit"


def search(house: House, name: str, **more: Any) -> dict[str, Any]:
    answer = house.ask(SEARCH, name=name, **more)
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]["search"]
    return found


@pytest.mark.parametrize(
    "name",
    [
        "烟台示例多处运输（集团）有限公司",
        "烟台示例多处运输(集团)有限公司",
        " 烟台示例多处 运输 (集团) 有限公司",
        "多处运输",
        "示例多处运输（集",
    ],
)
def test_a_name_is_found_however_it_is_spelled(house: House, name: str) -> None:
    """Full and half width brackets and blanks make no difference, neither in the question nor at the platform."""
    found = search(house, name)
    assert [node["uscc"] for node in found["nodes"]] == [house.subjects["many_platforms"]["uscc"]]
    [node] = found["nodes"]
    assert node["kind"] == "Enterprise"
    assert node["areaCode"] == "370602"


def test_what_is_found_says_where_it_is_from_as_its_record_does(house: House) -> None:
    """The provenance of a match is that of the registration it is read from, whether below `nodes` or `edges`."""
    subject = house.subjects["clean"]
    words = "provenance { platform region sourceUnit sourceUpdatedAt authority }"
    registered = f"query($id: SubjectKey!) {{ subject(id: $id) {{ registrations {{ nodes {{ {words} }} }} }} }}"
    told = house.ask(registered, "clean")["data"]["subject"]["registrations"]["nodes"]
    assert all(each["sourceUpdatedAt"] for node in told for each in node["provenance"])
    for match in (f"nodes {{ {words} }}", f"edges {{ node {{ {words} }} }}"):
        answer = house.ask(f"query($name: String!) {{ search(name: $name) {{ {match} }} }}", name=subject["name"])
        found = answer["data"]["search"]
        assert (found.get("nodes") or [edge["node"] for edge in found["edges"]]) == told
        absent = {field for source in answer["extensions"]["sources"] for field in source["absent"]}
        assert absent == {"Registration.sourceUnit"}  # asked for, and the platform has not got it


def test_what_is_found_is_counted_once(house: House) -> None:
    """Organisations of several kinds are one question to a platform, and it reads in its usage how many were shown."""

    def used() -> tuple[int, int, int]:
        uses = usage(recorded.records(house.home), PROVINCE).values()
        return sum(use.questions for use in uses), sum(use.rows for use in uses), sum(use.subjects for use in uses)

    before = used()
    found = search(house, "示例", first=200)
    [shown] = [source["records"] for source in found["sources"] if source["platform"] == PROVINCE]
    assert len({node["kind"] for node in found["nodes"]}) > 1
    questions, rows, subjects = (after - so_far for after, so_far in zip(used(), before, strict=True))
    assert (questions, rows, subjects) == (1, shown, 0)


def test_a_subject_is_counted_once_in_a_question(house: House) -> None:
    """Its name and its registrations are two readings of one record type, about one subject."""

    def used() -> tuple[int, int]:
        uses = usage(recorded.records(house.home), PROVINCE)
        found = [use for (_, _, name), use in uses.items() if name == "Registration"]
        return sum(use.questions for use in found), sum(use.subjects for use in found)

    before = used()
    house.ask(
        "query($id: SubjectKey!) { subject(id: $id) { name registrations { nodes { regCapital } } } }",
        id=house.key("many_platforms"),
    )
    assert tuple(after - so_far for after, so_far in zip(used(), before, strict=True)) == (1, 1)


def test_who_cannot_search_is_named_and_the_answer_is_not_complete(house: House) -> None:
    """A platform that declares no search by name is NOT_ASKED: it may know such a name."""
    found = search(house, "多处运输")
    statuses = {source["platform"]: source["status"] for source in found["sources"]}
    assert statuses[PROVINCE] == "ANSWERED"
    assert statuses[YANTAI] == "NOT_ASKED"
    assert found["complete"] is False
    assert found["totalCount"] is None
    answer = house.ask(SEARCH, name="多处运输")
    assert answer["extensions"]["complete"] is False
    why = {source["platform"]: source.get("reason") for source in answer["extensions"]["sources"]}
    assert "cannot be searched" in why[YANTAI]["en"]
    assert why[PROVINCE] is None


def test_where_everybody_can_be_searched_the_answer_is_complete(house: House, tmp_path: Path) -> None:
    """Without the platform that cannot search nothing is missing."""
    with gateway_beside(house, tmp_path, lambda home: (home / "platforms" / f"{YANTAI}.yaml").unlink()) as other:
        found = search(other, "示例", first=200)
        assert found["complete"] is True
        assert found["totalCount"] == len(found["nodes"])
        assert search(other, "查无此名的企业") | {"sources": []} == {
            "nodes": [], "edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None},
            "totalCount": 0, "complete": True, "sources": [],
        }  # fmt: skip


def test_pages_of_matches_join_to_the_whole(house: House) -> None:
    """Matches come in one order: the whole name, then beginnings, then others; pages neither skip nor repeat."""
    whole = [node["uscc"] for node in search(house, "有限公司", first=200)["nodes"]]
    assert len(whole) > 20
    joined: list[str] = []
    after = None
    while True:
        page = search(house, "有限公司", first=7, after=after)
        joined += [node["uscc"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert joined == whole
    names = [node["name"] for node in search(house, "青岛示例", first=200)["nodes"]]
    assert all(name.startswith("青岛示例") for name in names[:3])


def test_only_the_asked_kinds_are_found(house: House) -> None:
    """`kind` narrows; what a code's beginning says decides, never what a platform claims."""
    everybody = search(house, "有限公司", first=200)["nodes"]
    kinds = {node["kind"] for node in everybody}
    assert "NaturalPerson" not in kinds
    assert search(house, "有限公司", kind=["NonEnterpriseLegalPerson"])["nodes"] == []
    enterprises = search(house, "有限公司", kind=["Enterprise"], first=200)["nodes"]
    assert [node["uscc"] for node in enterprises] == [n["uscc"] for n in everybody if n["kind"] == "Enterprise"]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("公", None, "`name`"),
        ("ABC", None, "`name`"),
        ("限" * 101, None, "`name`"),
        ("示例公司", ["NaturalPerson"], "`kind`"),
        ("示例公司", ["Enterprise", "NaturalPerson"], "`kind`"),
    ],
)
def test_what_cannot_be_searched_is_refused(house: House, name: str, kind: list[str] | None, words: str) -> None:
    """Too little, too much, or persons: refused before anybody is asked, without repeating the name."""
    with Recorder(house) as recorder:
        recorder.clear()
        answer = house.ask(SEARCH, name=name, kind=kind)
        assert recorder.asked() == set()
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert words in error["message"]
    assert name not in error["message"]


def test_a_search_asks_for_no_more_than_it_answers(house: House) -> None:
    """Name, area and control fields travel, and nothing else; all kinds of organisation are asked for together."""
    with Recorder(house) as recorder:
        search(house, "多处运输")
        statements = [text for text in recorder.statements if "LIKE" in text]
    assert len(statements) == 1  # all kinds of organisation together
    assert "LEREP_TEL" not in statements[0]
    assert "REGCAP" not in statements[0]


def test_the_searched_text_is_not_in_the_audit(house: House, tmp_path: Path) -> None:
    """The record keeps a pseudonym of what was searched for, never the text."""
    with gateway_beside(house, tmp_path) as other:
        search(other, "多处运输")
        written = b"".join(path.read_bytes() for path in (other.home / "audit").rglob("*") if path.is_file())
        assert "多处运输".encode() not in written
        assert b"search" in written
