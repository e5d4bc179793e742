"""The catalogue: what it holds, and what it refuses with the file, the line and the nearest right word."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from policies.findings import Refused
from policies.model import FieldClass
from tests.edges.drafts import SHIPPED, catalogue, catalogue_of, texts

PENALTY = "catalogue/types/AdministrativePenalty.yaml"
DEBTOR = "catalogue/types/JudgmentDebtor.yaml"


def changed(path: str, old: str, new: str) -> dict[str, str]:
    text = texts()[path]
    assert old in text
    return {path: text.replace(old, new, 1)}


def finding(changes: dict[str, str]) -> str:
    with pytest.raises(ValueError, match=r":\d+: ") as caught:
        catalogue_of(changes)
    return str(caught.value)


def test_it_holds_the_first_record_types_in_full() -> None:
    """Licences, penalties, registrations and judgment debtors, with the codes of both generations."""
    found = catalogue()
    assert set(found.types) >= {"Registration", "AdministrativeLicence", "AdministrativePenalty", "JudgmentDebtor"}
    assert found.field("AdministrativeLicence.counterpartyName").codes == ("XK_XDR_MC", "XK_XDR")
    assert found.field("AdministrativePenalty.content").codes == ("CF_NR", "CF_JG")
    assert found.types["AdministrativePenalty"].control == {
        "status", "publishUntil", "conductEnd", "decisionDate", "documentNo",
    }  # fmt: skip


def test_nothing_about_a_person_is_public_without_a_law() -> None:
    """Article 20: a person's fields are shared, authorised or restricted; debtors are the State's exception."""
    for record in catalogue().types.values():
        public = [field.name for field in record.fields.values() if field.person is FieldClass.PUBLIC]
        assert bool(public) == (record.name == "JudgmentDebtor")


def test_a_public_field_of_persons_needs_its_law() -> None:
    """Without the State's provision the type of judgment debtors would be shared, and could not say PUBLIC aloud."""
    text = texts()[DEBTOR]
    line = next(line for line in text.splitlines() if line.startswith("publicPersons"))
    closed = catalogue_of({DEBTOR: text.replace(line, "")})
    assert closed.field("JudgmentDebtor.caseNo").person is FieldClass.GOV_SHARED
    field = "codes: [caseCode], kind: code, class: PUBLIC"
    said = text.replace(line, "").replace(field, f"{field}, person: PUBLIC")
    assert "publicPersons" in finding({DEBTOR: said})


@pytest.mark.parametrize(
    "field",
    [
        "religion: {zh: 信仰, en: Faith, kind: text, class: RESTRICTED}",
        "bloodType: {zh: 类型, en: Type, kind: code, class: RESTRICTED}",
        "staffNote: {zh: 员工疾病说明, en: Note, kind: text, class: RESTRICTED}",
        "scan: {zh: 扫描, en: Fingerprint scan, kind: text, class: RESTRICTED}",
        "medicalHistory: {zh: 说明, en: Notes, kind: text, class: RESTRICTED}",
    ],
)
def test_forbidden_categories_cannot_be_written(field: str) -> None:
    """Article 42: religion, genes, fingerprints, blood type, disease and its history exist under no name."""
    assert "no law lets anybody collect" in finding(changed(PENALTY, "fields:\n", f"fields:\n  {field}\n"))


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (PENALTY, "kind: money", "kind: mony", "unknown kind of field `mony`, did you mean `money`?"),
        (PENALTY, "vocabulary: PenaltyKind", "vocabulary: PenaltyKinds", "did you mean `PenaltyKind`?"),
        (PENALTY, "tags: [personal]", "tags: [persona]", "unknown tag `persona`, did you mean `personal`?"),
        (PENALTY, "Enterprise, Non", "Enterprises, Non", "did you mean `Enterprise`?"),
        (PENALTY, "event: decisionDate", "event: decisonDate", "did you mean `decisionDate`?"),
        (PENALTY, "event: decisionDate", "event: documentNo", "is of kind `code` and cannot be `event`"),
        (PENALTY, "[status, severity", "[staus, severity", "did you mean `status`?"),
        (PENALTY, "negative: true", "negativ: true", "unknown word `negativ`, did you mean `negative`?"),
        (PENALTY, "  facts: ", "  Facts: ", "must be camelCase"),
        (PENALTY, "  facts: ", "  provenance: ", "must be camelCase and none of"),
        (PENALTY, "class: GOV_SHARED", "class: PROHIBITED", "a PROHIBITED field does not exist"),
        (PENALTY, "class: GOV_SHARED", "class: SHARED", "did you mean `GOV_SHARED`?"),
        (PENALTY, "type: AdministrativePenalty", "type: Penalty", "the name of its file"),
        (DEBTOR, "connection: judgmentDebtors", "connection: administrativePenalties", "belongs to"),
        (PENALTY, "connection: administrativePenalties", "connection: areaCode", "no word of every subject"),
        ("catalogue/catalogue.yaml", "[allow, surname, pseudonym]", "[surname, pseudonym]", "must begin with `allow`"),
        ("catalogue/catalogue.yaml", "[allow, surname, pseudonym]", "[allow, surname, deny]", "not write `deny`"),
        ("catalogue/catalogue.yaml", '["1", "10"', '["10", "1"', "numbers that grow"),
        ("catalogue/subjects.yaml", '["92"]', '["91"]', "prefix `91` belongs to `Enterprise` already"),
        ("catalogue/subjects.yaml", "Registration.name", "Registration.nam", "did you mean `Registration.name`?"),
        ("catalogue/subjects.yaml", "natural: true", "natural: false", "exactly one kind must be"),
        ("catalogue/purposes.yaml", "[operator, caseNo]", "[operator, caseNr]", "did you mean `caseNo`?"),
        ("catalogue/vocabularies.yaml", "    FINE: ", "    Fine: ", "SCREAMING_SNAKE_CASE"),
        ("catalogue/clients.yaml", "scopes:\n", "purposes: {}\nscopes:\n", "stands also in"),
    ],
)  # fmt: skip
def test_a_slip_is_named_where_it_stands(path: str, old: str, new: str, said: str) -> None:
    """Each slip of the pen is refused with its file and line, and with the word that was probably meant."""
    message = finding(changed(path, old, new))
    assert said in message
    assert path in message


def test_the_line_is_the_line() -> None:
    """The number in a message is the line on which the slip stands."""
    changes = changed(PENALTY, "kind: money", "kind: mony")
    line = next(n for n, text in enumerate(changes[PENALTY].splitlines(), 1) if "kind: mony" in text)
    assert f"{PENALTY}:{line}: " in finding(changes)


def test_every_slip_is_told_at_once() -> None:
    """Two files with a slip each are both named, so that nobody mends one to meet the next."""
    changes = changed(PENALTY, "kind: money", "kind: mony") | changed(DEBTOR, "kind: number", "kind: numbr")
    with pytest.raises(Refused) as caught:
        catalogue_of(changes)
    assert {text.partition(":")[0] for text in caught.value.findings} == {PENALTY, DEBTOR}


def test_modules_beside_their_folders(tmp_path: Path) -> None:
    """Installed anywhere, `policies.catalogue` is the module, not the folder of data beside it; so are its sisters."""
    shutil.copytree(SHIPPED, tmp_path / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys; sys.path.insert(0, sys.argv[1]); from policies import catalogue, rules, cases"
    code += "; print(catalogue.__file__, rules.__file__, cases.__file__)"
    run = subprocess.run([sys.executable, "-P", "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [str(tmp_path / "policies" / f"{name}.py") for name in ("catalogue", "rules", "cases")]
