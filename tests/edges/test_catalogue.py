"""The catalogue: what it holds, and what it refuses with the file, the line and the nearest right word."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stdnum import numdb

from policies.findings import Refused
from policies.model import FieldClass
from tests.edges.drafts import SHIPPED, catalogue, catalogue_of, shipped, texts

pytestmark = pytest.mark.reckoning

PENALTY = "catalogue/types/AdministrativePenalty.yaml"
REGISTRATION = "catalogue/types/Registration.yaml"
RATING = "catalogue/types/TaxCreditRating.yaml"
ENTRY = "catalogue/types/SeriousDishonestyEntry.yaml"
REGIONS = "catalogue/regions.yaml"
REPORT = "catalogue/report.yaml"
LISTS = "catalogue/vocabularies.yaml"
HOUSEHOLD = "catalogue/types/RuralCreditSummary.yaml"
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
        "status", "severity", "procedure", "penaltyKinds", "publishUntil", "conductEnd", "objectedOn", "decisionDate",
        "documentNo",
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


FORBIDDEN = [
    ("religion", "宗教信仰", "Religion"),
    ("religiousGroup", "宗教团体", "Religious group"),
    ("gene", "基因", "Gene"),
    ("geneticCode", "基因信息", "Genetic code"),
    ("fingerprint", "指纹", "Fingerprint"),
    ("bloodType", "血型", "Blood type"),
    ("disease", "疾病", "Disease"),
    ("medicalHistory", "病史", "Medical history"),
    ("briberyFile", "行贿犯罪档案", "Bribery file"),  # the plan's 行贿档案查询制度
    ("familyPlanning", "计划生育", "Family planning"),  # the plan's 违法生育 and 社会抚养费
    ("birthControl", "违法生育", "Birth control"),
    ("socialMaintenanceFee", "社会抚养费", "Social maintenance fee"),
    ("informant", "举报人", "Informant"),  # the plan's 保护举报人
    ("whistleblower", "举报人", "Whistleblower"),
    ("petitions", "信访", "Petitions"),
    ("bloodDonation", "献血", "Blood donation"),
    ("meansTest", "家庭经济状况核对", "Means test"),  # the plan's 居民家庭经济状况核对信息系统
    ("stateSecret", "国家秘密", "State secret"),
]
SPOKEN = [
    words
    for name, zh, en in FORBIDDEN
    for words in ((name, "说明", "Note"), ("note", zh, "Note"), ("note", "说明", en))
]


@pytest.mark.parametrize("words", SPOKEN, ids=" ".join)
def test_what_the_law_closes_cannot_be_written(words: tuple[str, str, str]) -> None:
    """By its name, its Chinese or its English title: what the law forbids or has closed exists in no language."""
    name, zh, en = words
    field = f"{name}: {{zh: {zh}, en: {en}, kind: text, class: RESTRICTED}}"
    message = finding(changed(PENALTY, "fields:\n", f"fields:\n  {field}\n"))
    line = texts()[PENALTY].splitlines().index("fields:") + 2
    assert f"{PENALTY}:{line}: `{name}` is of a category that no law lets anybody collect" in message


@pytest.mark.parametrize(("name", "zh", "en"), FORBIDDEN)
def test_what_the_law_closes_is_no_type_no_object_and_no_code(name: str, zh: str, en: str) -> None:
    """Neither a record type, nor an object in a record, nor a code of a list may stand for what the law has closed."""
    kind = name[0].upper() + name[1:]
    path = f"catalogue/types/{kind}.yaml"
    own = texts()[RATING].replace("TaxCreditRating\n", f"{kind}\n").replace("taxCreditRatings", f"{name}s")
    said = own.replace("{zh: 纳税缴费信用级别, en: Tax credit rating}", f"{{zh: {zh}, en: {en}}}")
    assert f"{path}:4: `{kind}` is of a kind that may not be recorded" in finding({path: said})
    nested = f"objects:\n  {name}:\n    type: Registration{kind}\n    title: {{zh: {zh}, en: {en}}}\n"
    nested += "    fields:\n      note: {zh: 说明, en: Note, kind: text, class: RESTRICTED}\n"
    assert f"`{name}` is of a category" in finding(changed(REGISTRATION, "objects:\n", nested))
    code = f"    LISTED: {{zh: {zh}, en: {en}, law: [{{text: 某法, mark: T}}]}}\n"
    assert "`LISTED` may not be recorded" in finding(changed(LISTS, "  ListCode:\n", f"  ListCode:\n{code}"))


def test_a_tag_and_a_code_are_read_as_words_too() -> None:
    """A tag that says a forbidden category closes its field, and a code is read without its underscores."""
    tagged = "fields:\n  note: {zh: 说明, en: Note, kind: text, class: RESTRICTED, tags: [bloodType]}\n"
    assert "`note` is of a category that no law" in finding(changed(PENALTY, "fields:\n", tagged))
    code = "  ListCode:\n    BIRTH_CONTROL: {zh: 名单, en: List, law: [{text: 某法, mark: T}]}\n"
    assert "`BIRTH_CONTROL` may not be recorded (计划生育" in finding(changed(LISTS, "  ListCode:\n", code))


PROHIBITED = "catalogue/prohibited.yaml"


@pytest.mark.parametrize("category", ["religion", "genes", "fingerprints", "bloodType", "disease", "medicalHistory"])
def test_what_the_regulations_forbid_stays_forbidden(category: str) -> None:
    """No officer can take a category of the regulations out of the file, nor the file out of the catalogue."""
    said = finding(changed(PROHIBITED, f"  {category}:", f"  other{category}:"))
    assert f"`{category}` must stand here: the regulations forbid it" in said
    assert PROHIBITED in said
    kept = {PROHIBITED: texts()[PROHIBITED].partition("prohibited:")[0] + "consented: {}\n"}
    assert "the section `prohibited` is missing" in finding(kept)


def test_a_forbidden_word_that_would_match_nothing_is_refused() -> None:
    """Words are compared in lower case, without digits or dashes; another spelling would close nothing."""
    said = finding(changed(PROHIBITED, "en: [petition,", "en: [Petition-letters,"))
    assert f"{PROHIBITED}:12: `Petition-letters` would match nothing" in said


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("income", "收入", "Income"),
        ("deposits", "存款", "Deposits"),
        ("securities", "有价证券", "Securities"),
        ("commercialInsurance", "商业保险", "Commercial insurance"),
        ("realEstate", "不动产", "Real estate"),
        ("taxPaid", "纳税数额", "Tax paid"),
    ],
)
def test_what_needs_written_consent_of_a_person_is_authorised(name: str, zh: str, en: str) -> None:
    """Article 42: income, deposits, securities, insurance, real estate and taxes of a person need consent."""
    head = "fields:\n"
    for words in ((name, "说明", "Note"), ("note", zh, "Note"), ("note", "说明", en)):
        field = f"  {words[0]}: {{zh: {words[1]}, en: {words[2]}, kind: text, class: "
        for cls in ("RESTRICTED", "GOV_SHARED", "PUBLIC"):
            message = finding(changed(HOUSEHOLD, head, f"{head}{field}{cls}}}\n"))
            assert f"`{words[0]}` of a person needs written consent (" in message
            assert "山东省社会信用条例 第四十二条): write `person: AUTHORIZED`" in message
        found = catalogue_of(changed(HOUSEHOLD, head, f"{head}{field}AUTHORIZED}}\n"))
        assert found.field(f"RuralCreditSummary.{words[0]}").person is FieldClass.AUTHORIZED


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
        (PENALTY, "publicityEnd: publishUntil", "publicityEnd:", ":14: `publicityEnd`: nothing is written"),
        (PENALTY, "class: GOV_SHARED", "class: GOV_SHARED, person: null", "`person`: nothing is written"),
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
        (REGISTRATION, "[altitem], kind: text", "[altitem], many: true, kind: text", "is a list in a list of objects"),
        (REGISTRATION, "  changes:\n", "  address:\n", "`address` must be camelCase and no other field of the record"),
        (REGISTRATION, "  changes:\n", "  marks:\n", "`marks` must be camelCase and no other field of the record"),
        (REGISTRATION, "type: RegistrationChange", "type: Change", "must be PascalCase and begin with `Registration`"),
        (REGISTRATION, "type: RegistrationChange", "type: RegistrationShareholder", "is a type already"),
        (REGISTRATION, "vocabulary: PartyType", "vocabulary: PartyTipe", "did you mean `PartyType`?"),
        (REGISTRATION, "PUBLIC}\n      paid", "PUBLICK}\n      paid", "did you mean `PUBLIC`?"),
        (REGISTRATION, "identity: [uscc]", "identity: [changes.item]", "`changes.item` is a list and cannot be"),
        (REGISTRATION, "type: Registration\n", "type: Registration\nobject: {}\n", "did you mean `objects`?"),
        (ENTRY, "list: listCode", "list: listName", "`listName` is of kind `text` and cannot be `list`"),
        (RATING, "envelope: [", "envelopeClass: {class: SHARED}\nenvelope: [", "did you mean `GOV_SHARED`?"),
        (LISTS, "  RecordStatus:\n", "  Registration:\n    A: {zh: 甲, en: A}\n  RecordStatus:\n", "is a type already"),
        (LISTS, "  ListCode:\n    text", "  ListCodes:\n    text", "did you mean `ListCode`?"),
        (REGIONS, '"3702", "3705"', '"9902", "3705"', "`9902` lies in no province of the catalogue"),
        (REGIONS, '"3702", "3705"', '"370", "3705"', REGIONS),
        (REGIONS, '"371200":', '"3712":', REGIONS),
        (REPORT, "types: [Honour]", "types: []", "`Honour` stands in no section; write it under one"),
        (REPORT, "types: [Honour]", "types: [Honour, CreditPromise]", "stands in the section `honesty` already"),
        (REPORT, "types: [Honour]", "types: [Honour, Honor]", "unknown record type `Honor`, did you mean `Honour`?"),
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


def test_a_nested_field_has_a_coordinate_of_its_own() -> None:
    """Each field of an object in a record is found by the object's type, and by its place in the record."""
    found = catalogue()
    assert found.field("RegistrationChange.before") is found.types["Registration"].fields["changes.before"]
    assert found.field("RegistrationChange.before").coordinate == "RegistrationChange.before"
    assert found.types["Registration"].objects["changes"].many
    assert found.field("RegistrationChange.before").many
    assert not found.field("FoodDrugRecordBan.validTo").many
    for unknown in ("RegistrationChange.befor", "Change.before", "Registration.before"):
        with pytest.raises(KeyError):
            found.field(unknown)


def test_a_list_without_law_is_refused() -> None:
    """No list without law: a code of a lawful list that states none is refused with its line; one of others is not."""
    line = next(text for text in texts()[LISTS].splitlines() if text.startswith("    PRICE:"))
    bare = f"{line[: line.index(', law')]}}}"
    changes = changed(LISTS, line, bare)
    number = changes[LISTS].splitlines().index(bare) + 1
    assert f"{LISTS}:{number}: `PRICE` states no `law`" in finding(changes)
    head, _, tail = changes[LISTS].rpartition("\n  ListCode:\n")
    catalogue_of({LISTS: f"{head}\n  ListCode:\n{tail.replace('lawful: true', 'lawful: false', 1)}"})


def test_lists_say_their_edition_and_each_code_its_law() -> None:
    """The lists that sanctions and honours lean on are lawful editions; what is not verified says so."""
    found = catalogue()
    for name in ("ListCode", "SanctionMeasure", "HonourCode"):
        assert found.editions[name].lawful
        assert all(found.code_basis[name].values())
    assert "2024" in found.editions["ListCode"].text
    assert not any(law.verified for law in found.code_basis["ListCode"]["PRICE"])
    assert any(law.verified for law in found.code_basis["ListCode"]["WAGE_ARREARS"])


def test_a_region_may_be_in_several_sets_and_a_set_may_cut_below_a_city() -> None:
    """Dongying is in two sets; of Binzhou two counties are in the Blue Zone, and no other of its codes."""
    found = catalogue()
    zone, delta = found.codes_of("BLUE_ZONE"), found.codes_of("YELLOW_RIVER_DELTA")
    assert "3705" in zone
    assert "3705" in delta
    assert [code for code in zone if code.startswith("3716")] == ["371623", "371603"]
    assert found.codes_of("370200") == ("370200",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"371603"', '"371624"', "`371624` is retired; write `371603`"),
        ('"3711"', '"3712"', "`3712` is retired; write `370116` and `370117`"),
        ('"3711"', '"371200"', "`371200` is retired; write `370116` and `370117`"),
        ('"3711"', '"9911"', "`9911` lies in no province of the catalogue"),
        ('"3711"', '"37110"', "string should match"),
    ],
)
def test_a_set_of_regions_names_codes_in_force(old: str, new: str, said: str) -> None:
    """A retired code in a set would stand for nobody: it is refused, with the codes that the area has now."""
    message = finding(changed(REGIONS, old, new))
    line = next(number for number, text in enumerate(texts()[REGIONS].splitlines(), 1) if old in text)
    assert f"{REGIONS}:{line}: " in message
    assert said in message.replace("String", "string")


def test_regions_join_in_the_order_of_the_plan() -> None:
    """The Blue Zone stands first, then the plan's other areas, then the partners, the Yangtze Delta first."""
    names = list(catalogue().region_sets)
    assert names[:4] == ["BLUE_ZONE", "YELLOW_RIVER_DELTA", "CAPITAL_CLUSTER", "WEST_BELT"]
    partners = [name for name in names if not any(code.startswith("37") for code in catalogue().codes_of(name))]
    assert partners == ["YANGTZE_DELTA", "JING_JIN_JI", "JING_JIN_JI_JIN", "PEARL_RIVER_DELTA"]


def test_every_city_of_the_province_is_in_a_set_of_the_plan() -> None:
    """The four areas of the plan leave out no city of Shandong, and many are in two."""
    cities = [f"37{number:02}" for number in (*range(1, 12), *range(13, 18))]
    sets = ["BLUE_ZONE", "YELLOW_RIVER_DELTA", "CAPITAL_CLUSTER", "WEST_BELT"]
    among = {city: [name for name in sets if city in catalogue().codes_of(name)] for city in cities}
    assert [city for city, found in among.items() if not found] == []
    assert {city for city, found in among.items() if len(found) == 2} == {"3705", "3714", "3715", "3716"}


def test_partners_have_agreements() -> None:
    """With every province that the plan names as a partner there is an agreement, and with nobody else."""
    named = [code for name in ("YANGTZE_DELTA", "JING_JIN_JI") for code in catalogue().codes_of(name)]
    named += {code[:2] for code in catalogue().codes_of("PEARL_RIVER_DELTA")}
    agreed = [policy.consumer for policy in shipped().policies if policy.kind == "agreement"]
    assert sorted(agreed, key=str) == sorted(named)


def test_a_retired_code_is_where_its_area_is_now() -> None:
    """Laiwu is two districts of Jinan, and who asks for the old county of Zhanhua asks for the district."""
    found = catalogue()
    assert found.codes_of("371200") == ("370116", "370117")
    assert found.codes_of("371202") == ("370116", "370117")
    assert found.codes_of("371624") == ("371603",)
    assert found.codes_of("370181") == ("370114",)  # 章丘
    assert found.codes_of("370282") == ("370215",)  # 即墨
    assert found.codes_of("370284") == ("370211",)  # 胶南, part of 黄岛
    assert found.codes_of("371626") == ("371681",)  # 邹平, a city now


def test_no_area_of_the_province_that_has_another_code_now_is_left_out() -> None:
    """Records keep the code of their time. Of every area of Shandong whose code ended in this century, by a register
    that others keep, the codes of now are known and in force; and no other code is taken for one that ended."""
    register, found = numdb.get("cn/loc"), catalogue()

    def until(code: str) -> str:
        """The year in which a code ended last, empty while it is in force, `none` when there never was one."""
        told = register.info(code)[-1][1].get("county", "[-none]")
        return next(reversed(re.findall(r"-(\w*)\]", told)), "")

    codes = [f"37{number:04}" for number in range(10_000)]
    ended = {code for code in codes if until(code).isdecimal() and int(until(code)) > 2000}
    assert {"370181", "370282", "371081", "371200", "371202"} <= ended
    assert [code for code in sorted(ended) if found.codes_of(code) == (code,)] == []
    assert {until(now) for code in ended for now in found.codes_of(code)} == {""}
    assert found.retired.keys() <= ended


def test_the_envelope_is_no_more_public_than_the_rest() -> None:
    """Where the content is closed, so are state and source: that there is a record is not told either."""
    for name in ("ContractPerformance", "WageArrears", "SocialInsuranceRecord", "SmeFinanceSummary"):
        assert {field.cls for field in catalogue().types[name].fields.values()} & {FieldClass.PUBLIC} == set()
    assert catalogue().field("Honour.status").cls is FieldClass.PUBLIC
    assert catalogue().field("Honour.status").person is FieldClass.AUTHORIZED
