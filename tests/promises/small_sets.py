"""A small policy set on disk, with a file of each layer: the shipped words, two record types, rules of a few lines.

Whole sets as small as this load in a tenth of the time, so that a test may change, submit and cut many of them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from ruamel.yaml import YAML

from policies.bundles import MANIFEST
from tests.edges.drafts import texts

TYPES = ("AdministrativePenalty", "Registration")
REPORT = """\
report:
  basics:         {title: {zh: 登记, en: Basics}, types: [Registration]}
  administration: {title: {zh: 行政管理, en: Administration}, types: [AdministrativePenalty]}
"""
NATIONAL = """\
policy: national-baseline
kind: baseline
title: {zh: 国家基线, en: National baseline}
owner: {office: 省信用中心政策法规处, contact: policy@credit.example}
valid: {from: 2025-06-01}
rules:
  - id: public-facts
    why: {zh: 法人信息主动公开, en: Published facts about organisations}
    assessment: pia-2025-published
    grant: allow
    to: anyone
    fields: {class: PUBLIC}
    subjects: [Enterprise, NonEnterpriseLegalPerson, IndividualBusiness, FarmerCooperative]
  - id: government-sharing
    why: {zh: 政务共享, en: Departments share within the province}
    assessment: pia-2025-departments
    grant: allow
    to: {client: government, region: inside}
    scopes: [credit.gov]
    purposes: [gov.*]
    fields: {class: [PUBLIC, GOV_SHARED]}
  - id: cross-region-needs-agreement
    why: {zh: 跨省须有协议, en: Only published facts cross a province without an agreement}
    limit: deny
    to: {region: outside}
    fields: {class: [AUTHORIZED, GOV_SHARED, RESTRICTED]}
    except:
      - {agreement: in-force}
rows:
  - id: repaired
    why: {zh: 修复后不再共享, en: Repaired records are no longer shared}
    hide: {status: [REPAIRED, REVOKED, EXPIRED]}
"""
SHANDONG = """\
policy: shandong
kind: province
region: "37"
title: {zh: 山东省, en: Shandong}
owner: {office: 山东省社会信用中心, contact: policy@credit.example}
valid: {from: 2026-01-01}
rules:
  - id: fines-in-bands
    why: {zh: 罚款只给区间, en: Fines leave as bands}
    limit: bucket
    to: {client: public}
    fields: {name: [confiscatedAmountWan]}
"""
QINGDAO = """\
policy: qingdao
kind: city
region: "3702"
title: {zh: 青岛市, en: Qingdao}
valid: {from: 2026-01-01}
rules:
  - id: no-tax-numbers
    why: {zh: 税务登记号不公开, en: Tax numbers stay in the city}
    limit: deny
    to: anyone
    fields: {name: [taxRegNo]}
"""
SHANGHAI = """\
policy: agreement-37-31
kind: agreement
title: {zh: 鲁沪互查, en: Shandong - Shanghai}
between: {provider: "37", consumer: "31"}
valid: {from: 2026-10-01, until: 2028-10-01}
purposes: [gov.licensing]
assessment: pia-2026-37-31
signed:
  - {by: 山东省社会信用中心, key: sd-policy-2026, date: 2026-09-18}
  - {by: 上海市公共信用信息服务中心, key: sh-policy-2026, date: 2026-09-20}
rules:
  - id: shanghai-gov
    why: {zh: 准入核查, en: Shanghai departments check entrants}
    grant: allow
    to: {client: government}
    scopes: [credit.gov]
    types: [AdministrativePenalty]
    fields: {class: [PUBLIC, GOV_SHARED]}
"""
YANTAI = """\
policy: yantai
kind: city
region: "3706"
title: {zh: 烟台市, en: Yantai}
valid: {from: 2026-01-01}
rules:
  - id: no-organisation-codes
    why: {zh: 组织机构代码不公开, en: Organisation codes stay in the city}
    limit: deny
    to: anyone
    fields: {name: [orgCode]}
"""
MORE = {"rules/31-yantai.yaml": YANTAI}  # a change that only closes
CASES = """\
policyTests: shandong
defaults:
  at: 2026-11-24T10:00+08:00
  record: {region: "37", status: ACTIVE}
cases:
  - name: 上海可见程序 Shanghai sees the procedure
    as: {client: government, region: "31", scopes: [credit.gov], purpose: gov.licensing}
    ask: {type: AdministrativePenalty, subject: Enterprise}
    expect: {procedure: allow, documentNo: allow}
  - name: 社会公众不可见 The public does not
    as: {client: public}
    ask: {type: AdministrativePenalty, subject: Enterprise}
    expect: {procedure: deny, documentNo: allow}
"""
RULES = {
    "rules/00-national.yaml": NATIONAL,
    "rules/10-shandong.yaml": SHANDONG,
    "rules/30-qingdao.yaml": QINGDAO,
    "rules/50-shanghai.yaml": SHANGHAI,
    "cases/00-small.yaml": CASES,
}


@cache
def small() -> Mapping[str, str]:
    """The files by path, without the manifest."""
    found = {
        path: text
        for path, text in texts().items()
        if path.startswith("catalogue/") and (not path.startswith("catalogue/types/") or Path(path).stem in TYPES)
    }
    yaml = YAML(typ="rt")
    tree = yaml.load(found["catalogue/vocabularies.yaml"])
    used = {word for text in found.values() for word in re.findall(r"vocabulary: (\w+)", text)}
    for section in ("vocabularies", "editions"):
        tree[section] = {name: words for name, words in tree[section].items() if name in used}
    text = io.StringIO()
    yaml.dump(tree, text)
    return {**found, "catalogue/vocabularies.yaml": text.getvalue(), "catalogue/report.yaml": REPORT, **RULES}


TWO_FIELDS = {
    "rules/60-two-fields.yaml": """\
policy: two-fields
kind: province
region: "37"
title: {zh: 两项, en: Two fields}
owner: {office: 山东省社会信用中心, contact: policy@credit.example}
valid: {from: 2026-01-01}
rules:
  - id: closed
    why: {zh: 两项一并关闭, en: Two fields are closed together}
    law: [{text: 试行, mark: K}]
    limit: deny
    to: {id: public}
    fields: {name: [documentNo, caseName]}
"""
}  # for a shipped set: what the public is told tells which version answered


def shipped_with(folder: Path, changes: Mapping[str, str]) -> Path:
    """The shipped set, with some files other or more, sealed into a new folder."""
    for path, text in {**texts(), **changes}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return seal(folder)


def write(folder: Path, changes: Mapping[str, str] | None = None) -> Path:
    """The set, with some files other, sealed into a new folder."""
    for path, text in {**small(), **(changes or {})}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return seal(folder)


def seal(folder: Path) -> Path:
    """A manifest of the files as they are, whatever they hold."""
    paths = sorted(folder.rglob("*.yaml"))
    digests = {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in paths}
    digests.pop(MANIFEST, None)
    lines = [f"  {path}: sha256:{digest}" for path, digest in digests.items()]
    (folder / MANIFEST).write_text("\n".join(['version: "1"', "files:", *lines]) + "\n", "utf-8")
    return folder


def replaced(path: str, old: str, new: str) -> dict[str, str]:
    assert old in small()[path]
    return {path: small()[path].replace(old, new, 1)}
