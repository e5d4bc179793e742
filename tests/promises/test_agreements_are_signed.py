"""An agreement that is new or other is submitted only when both sides have signed what it says, each with its key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.governing import agreements
from gateway.governing.statements import Refused
from tests.promises.officers import NOTE, Chamber, open_chamber
from tests.promises.small_sets import replaced, seal, write

FILE = "rules/50-shanghai.yaml"
WIDER = replaced(FILE, "types: [AdministrativePenalty]", "types: [AdministrativePenalty, Registration]")
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def chamber(tmp_path_factory: pytest.TempPathFactory) -> Chamber:
    """The first set is in force; the tests submit, and activate nothing."""
    home = tmp_path_factory.mktemp("signed") / "home"
    write(home / "policies")
    chamber = open_chamber(home)
    chamber.begin()
    return chamber


def sign(chamber: Chamber, folder: Path, *people: str) -> None:
    for person in people:
        signer = chamber.key(person)
        agreements.sign(folder / FILE, chamber.office.officer(signer)[0], signer, TODAY)
    seal(folder)


def submit(chamber: Chamber, folder: Path) -> tuple[str, ...]:
    return chamber.office.submit(folder, chamber.key("li-author"), NOTE, widens=True)[1].evidence.agreements


def test_both_sides_sign(chamber: Chamber, tmp_path: Path) -> None:
    """With the signatures of both provinces the agreement is submitted; white space and comments are not signed."""
    folder = write(tmp_path / "draft", WIDER)
    sign(chamber, folder, "wang-approver", "chen-shanghai")
    path = folder / FILE
    path.write_text(
        "# a comment more\n" + path.read_text("utf-8").replace("{client: government}", "{ client: government }")
    )
    seal(folder)
    assert submit(chamber, folder) == (FILE,)


@pytest.mark.parametrize("words", ["signed:\n", "signed: []\n", ""])
def test_the_first_signature_is_put_where_none_was(chamber: Chamber, tmp_path: Path, words: str) -> None:
    """An agreement that nobody has signed yet is signed, whether the place for it was left empty or not written."""
    folder = write(tmp_path / "draft", WIDER)
    text = (folder / FILE).read_text("utf-8")
    begin, end = text.index("signed:"), text.index("rules:")
    (folder / FILE).write_text(text[:begin] + words + text[end:], "utf-8")
    sign(chamber, folder, "wang-approver", "chen-shanghai")
    assert submit(chamber, folder) == (FILE,)
    (folder / FILE).write_text(f"{text[:begin]}signed: [甲, 乙]\n{text[end:]}", "utf-8")
    with pytest.raises(Refused, match="holds entries such as"):
        sign(chamber, folder, "wang-approver")


@pytest.mark.parametrize(
    ("people", "missing"),
    [((), "provider, province 37"), (("wang-approver",), "consumer, province 31"),
     (("chen-shanghai",), "provider, province 37"), (("wang-approver", "zhao-lawyer"), "consumer, province 31")],
)  # fmt: skip
def test_a_side_is_missing(chamber: Chamber, tmp_path: Path, people: tuple[str, ...], missing: str) -> None:
    """Without one side's signature it is refused, with file and line, and says which; two of one side are one side."""
    folder = write(tmp_path / "draft", WIDER)
    sign(chamber, folder, *people)
    with pytest.raises(Refused, match=rf"{FILE}:\d+: the {missing}") as refused:
        submit(chamber, folder)
    assert refused.value.reason == "agreement"


def test_a_signature_is_of_one_content(chamber: Chamber, tmp_path: Path) -> None:
    """What is changed after the signatures is not signed: not a purpose more, not a day longer."""
    folder = write(tmp_path / "draft", WIDER)
    sign(chamber, folder, "wang-approver", "chen-shanghai")
    path = folder / FILE
    path.write_text(path.read_text("utf-8").replace("until: 2028-10-01", "until: 2029-10-01"), "utf-8")
    seal(folder)
    with pytest.raises(Refused, match="has not signed"):
        submit(chamber, folder)


@pytest.mark.parametrize("person", ["li-author", "sun-operator"])
def test_only_who_may_bind_a_side_signs(chamber: Chamber, tmp_path: Path, person: str) -> None:
    """An author or an operator signs no agreement, and nothing else than an agreement is signed."""
    folder = write(tmp_path / "draft", WIDER)
    with pytest.raises(Refused, match="speaks for neither side"):
        sign(chamber, folder, person)
    signer = chamber.key("wang-approver")
    with pytest.raises(Refused, match="only agreements are signed"):
        agreements.sign(folder / "rules/10-shandong.yaml", chamber.office.officer(signer)[0], signer, TODAY)


def test_an_unchanged_agreement_is_not_asked_again(chamber: Chamber, tmp_path: Path) -> None:
    """A change elsewhere asks nobody to sign an agreement anew."""
    folder = write(
        tmp_path / "draft", replaced("rules/10-shandong.yaml", "client: public", "client: [public, enterprise]")
    )
    assert submit(chamber, folder) == ()
