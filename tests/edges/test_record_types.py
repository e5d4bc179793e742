"""The twenty-six record types by name, each with the fields that its domain has, and what holds for all of them."""

from __future__ import annotations

import pytest

from policies.model import FieldClass, RecordType
from tests.edges.drafts import catalogue

# what each type holds, word for word; envelope words are checked apart
FIELDS = {
    "AdministrativeLicence": "counterpartyName counterpartyType uscc regNo orgCode taxRegNo institutionCertNo"
    " socialOrgCertNo legalRepresentative legalRepIdType legalRepIdNo personIdType personIdNo documentName documentNo"
    " licenceKind certificateName certificateNo content decisionDate validFrom validTo authority authorityUscc state"
    " sourceUnit sourceUnitUscc remark",
    "AdministrativePenalty": "counterpartyName counterpartyType uscc regNo orgCode taxRegNo institutionCertNo"
    " socialOrgCertNo legalRepresentative legalRepIdType legalRepIdNo personIdType personIdNo documentNo caseName"
    " violationType facts basis penaltyKinds content fineAmountWan confiscatedAmountWan licenceWithheld decisionDate"
    " effectiveUntil publishUntil authority authorityUscc sourceUnit sourceUnitUscc procedure",
    "Registration": "name uscc regNo entType legalRep legalRepIdNo legalRepPhone legalRepEmail regCapital currency"
    " estDate approvedDate opFrom opTo scope address areaCode industryCode regOrgan regState changes.item"
    " changes.before changes.after changes.date shareholders.name shareholders.idNo",
    "AbnormalOperation": "reason inDate inOrgan outReason outDate outOrgan",
    "JudgmentDebtor": "name partyType idOrOrgCode legalRep sex age court province basisNo basisUnit caseNo filedDate"
    " duty performance performedPart unperformedPart behaviour publishDate",
    "TaxCreditRating": "year level aListed organ ratedDate validFrom validTo",
    "MajorTaxViolation": "name taxNo address legalRep legalRepSex legalRepIdNo caseNature facts basisAndHandling"
    " financeHead agency entryDate removeDate",
    "TaxArrears": "taxType balance organ abnormalDate",
    "SeriousDishonestyEntry": "listCode listName name uscc reason factsSummary decisionNo organ inDate outDate"
    " outReason measures responsiblePersons.name responsiblePersons.role",
    "Honour": "honourCode year organ basis validUntil",
    "CreditPromise": "promiseType matter promiseDate acceptingUnit fulfilment",
    "ContractPerformance": "contractNo project counterparty amount performance disputes periodFrom periodTo",
    "EnvironmentalRating": "scheme level score period organ validUntil",
    "SafetyRecord": "unit uscc principal address behaviour reportingOrgan reason accidentGrade",
    "ProductQualityRecord": "product batch standard result itemFailed inspectedDate organ recall",
    "FoodDrugRecord": "licenceNo facility inspectionResult inspectionGrade violation ban.validFrom ban.validTo",
    "SocialInsuranceRecord": "arrears.period arrears.amountDue arrears.months insuredCount fraud listEntry.inDate",
    "WageArrears": "workers amount orderNo overdueSince listEntry.inDate",
    "ConstructionRecord": "qualification.name qualification.level qualification.certNo qualification.validTo project"
    " role behaviour.code behaviour.score rating year",
    "TransportRating": "rating year plateNo transportCertNo",
    "CustomsCredit": "customsCode firstRegDate scheme level ratedDate cancelled tradeVolume",
    "IpRecord": "right.kind right.no right.name pledge.no pledge.pledgor pledge.pledgee pledge.state"
    " infringement.decisionNo infringement.organ infringement.result listCode",
    "EducationResearchRecord": "name misconductType decisionNo handling validFrom validTo",
    "ProfessionalRecord": "occupation certNo certName level organ issuedDate state practiceUnitUscc"
    " discipline.content discipline.date",
    "SmeFinanceSummary": "uscc taxPaidBand invoiceTrend socialInsuredCount utilityArrears.water utilityArrears.gas"
    " utilityArrears.power realEstatePledge existingCreditLines rating.rater rating.scale rating.level rating.date"
    " financingDemand",
    "RuralCreditSummary": "subjectKind householdRating villageRating townRating baseInfo loanBand assetsRegistered"
    " qualitySafety",
}
OF_PERSONS = [record for record in catalogue().types.values() if "NaturalPerson" in record.kinds]


def test_there_are_twenty_six() -> None:
    """The catalogue holds these record types and no other."""
    assert set(catalogue().types) == FIELDS.keys()
    assert len(FIELDS) == 26


@pytest.mark.parametrize("name", FIELDS)
def test_a_type_holds_what_its_domain_has(name: str) -> None:
    """Every field of the domain can be asked; so can the state of a record, its source's last touch and its area."""
    record = catalogue().types[name]
    wanted = {*FIELDS[name].split(), "status", "sourceUpdatedAt", "areaCode"}
    assert wanted - record.fields.keys() == set()
    assert (record.roles.status, record.roles.updated) == ("status", "sourceUpdatedAt")
    assert record.roles.date is not None
    assert record.roles.identity != ()


@pytest.mark.parametrize("record", OF_PERSONS, ids=lambda record: record.name)
def test_a_minor_s_record_can_be_told(record: RecordType) -> None:
    """Every type that persons can have says at which date their age counts, or no row of a minor would be hidden."""
    assert record.roles.event is not None


def test_what_is_negative_ends() -> None:
    """Negative records end by publicity or retention; of a list that ends by removal its source says EXPIRED."""
    lasting = {
        record.name
        for record in catalogue().types.values()
        if record.negative and record.roles.publicity_end is None and record.roles.retention_anchor is None
    }
    assert lasting == {"AbnormalOperation", "TaxArrears", "JudgmentDebtor"}


def test_identity_numbers_are_restricted() -> None:
    """Of a person every identity number is restricted; of an organisation only its own code is not."""
    for record in catalogue().types.values():
        for field in record.fields.values():
            if "identifier" in field.tags:
                assert field.kind == "idNumber", field.coordinate
                assert "personal" in field.tags, field.coordinate
                assert field.person is FieldClass.RESTRICTED, field.coordinate
                assert (field.cls is FieldClass.RESTRICTED) != ("ofSubject" in field.tags), field.coordinate


def test_amounts_of_trade_are_trade_secrets() -> None:
    """What a contract, a customs file or a finance summary tells of money is marked as a trade secret."""
    for coordinate in (
        "ContractPerformance.amount",
        "CustomsCredit.tradeVolume",
        "SmeFinanceSummary.taxPaidBand",
        "SmeFinanceSummaryUtilityArrears.water",
        "SmeFinanceSummaryRating.level",
    ):
        assert "commercialSecret" in catalogue().field(coordinate).tags


def test_levels_of_two_schemes_are_two_codes() -> None:
    """A green of one scheme is no green of another, and the old 高级认证 is not the new one."""
    lists = catalogue().vocabularies
    levels = lists["EnvironmentalLevel"]
    assert {code for code in levels if code.endswith("_GREEN")} == {f"{s}_GREEN" for s in lists["EnvironmentalScheme"]}
    assert all(any(code.startswith(f"{scheme}_") for scheme in lists["EnvironmentalScheme"]) for code in levels)
    assert {"OLD_ADVANCED", "ADVANCED_CERTIFIED"} <= lists["CustomsLevel"].keys()
    assert {"EnvironmentalRating.scheme", "CustomsCredit.scheme"} == {
        field.coordinate
        for record in catalogue().types.values()
        for field in record.fields.values()
        if field.leaf == "scheme"
    }


def test_the_lists_hold_what_the_plan_names() -> None:
    """Lists, occupations, promises and scenes are complete as the plan and the catalogues name them."""
    lists = catalogue().vocabularies
    assert len(lists["ListCode"]) == 25
    assert len(lists["Occupation"]) >= 27
    assert set(lists["TaxLevel"]) == {"A", "B", "M", "C", "D"}
    assert len(lists["PromiseType"]) == 6
    assert {"LICENCE_APPLICATION", "BIDDING", "PROCUREMENT", "FUNDING", "CUSTOMS_CLEARANCE", "LOAN"} <= set(
        lists["Scene"]
    )


def test_every_purpose_and_every_type_states_its_law() -> None:
    """Nothing is asked for a purpose, and no record is kept, without a law beside it, with its mark."""
    assert all(purpose.basis for purpose in catalogue().purposes.values())
    assert all(record.basis for record in catalogue().types.values())


def test_an_entry_says_which_list_and_who() -> None:
    """A listing asks for one list and can say who stands on it, and whom to hold responsible."""
    record = catalogue().types["SeriousDishonestyEntry"]
    assert record.roles.list == "listCode"
    assert record.roles.subject_name == "name"
    assert record.objects["responsiblePersons"].many
