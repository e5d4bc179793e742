"""Subject keys as callers write them -> Subject: checked, normalised, their kind read off the code alone.

Nobody is looked up. 3.2 % of valid citizen IDs are also valid USCCs, so the code is never used to guess
which of the two it is: the caller names it. Errors never repeat the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import SubjectKey
from gateway.errors import GatewayError
from gateway.model import Path, Subject
from policies import identifiers
from policies.model import Catalogue, Words

MAX_NAME = 200
MAX_CODE = 64  # characters as written, blanks included; nothing longer is worth normalising
ONE_KEY = Words("`uscc` 与 `citizenId` 须且只须给出一个", "give exactly one of `uscc` and `citizenId`")
IS_CITIZEN_ID = Words("这是公民身份号码，请写在 `citizenId`", "this is a citizen ID; write it under `citizenId`")
IS_USCC = Words("这是统一社会信用代码，请写在 `uscc`", "this is a USCC; write it under `uscc`")
USCC = Words("统一社会信用代码", "USCC")
CITIZEN_ID = Words("公民身份号码", "citizen ID")
NO_ENTITY = Words("`__typename`：没有这个名称的实体", "`__typename`: there is no entity of this name")
NOT_TEXT = Words("`uscc`、`citizenId` 与 `name` 为文本", "`uscc`, `citizenId` and `name` are text")
OTHER_KIND = Words("`__typename`：该代码属于另一类主体", "`__typename`: this is the code of another kind of subject")


def subject_of(catalogue: Catalogue, given: Mapping[str, Any], path: Path) -> Subject:
    """Raises GatewayError INVALID_SUBJECT_KEY."""
    key = key_of(given, path)
    subject_kind = identifiers.kind_of(catalogue, key.kind, key.value)
    return Subject(key, subject_kind, catalogue.kinds[subject_kind].natural, _name(given))


def represented(catalogue: Catalogue, given: Mapping[str, Any], path: Path) -> Subject:
    """A subject as another graph represents it: its kind by `__typename`, and its key; whatever else is there is for
    others. Raises GatewayError INVALID_ARGUMENT, INVALID_SUBJECT_KEY."""
    if given["__typename"] not in catalogue.kinds:
        raise GatewayError("INVALID_ARGUMENT", path=path, detail=NO_ENTITY)
    key = {word: given[word] for word in ("uscc", "citizenId", "name") if given.get(word) is not None}
    if not all(isinstance(value, str) for value in key.values()):
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=NOT_TEXT)
    subject = subject_of(catalogue, key, path)
    if subject.kind != given["__typename"]:
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=OTHER_KIND)
    return subject


def key_of(given: Mapping[str, Any], path: Path) -> SubjectKey:
    """The key alone, its code in normal form. Raises GatewayError INVALID_SUBJECT_KEY."""
    codes = {kind: given[kind] for kind in ("uscc", "citizenId") if given.get(kind)}
    if len(codes) != 1:
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=ONE_KEY)
    [(kind, raw)] = codes.items()
    value = identifiers.normalise(raw) if len(raw) <= MAX_CODE else ""
    is_uscc, is_citizen_id = identifiers.is_uscc(value), identifiers.is_citizen_id(value)
    if kind == "uscc" and not is_uscc:
        wrong = IS_CITIZEN_ID if is_citizen_id else _why(USCC, value)
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=wrong)
    if kind == "citizenId" and not is_citizen_id:
        wrong = IS_USCC if is_uscc else _why(CITIZEN_ID, value)
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=wrong)
    if len(given.get("name") or "") > MAX_NAME:
        wrong = Words(f"`name` 超过 {MAX_NAME} 个字符", f"`name` has more than {MAX_NAME} characters")
        raise GatewayError("INVALID_SUBJECT_KEY", path=path, detail=wrong)
    return SubjectKey("uscc" if kind == "uscc" else "citizenId", value)


def _name(given: Mapping[str, Any]) -> str | None:
    """The name beside the code, if there is one: nobody is called nothing but blanks."""
    name = given.get("name")
    return name if name and identifiers.normalise_name(name) else None


def _why(what: Words, value: str) -> Words:
    if len(value) != 18:
        return Words(f"{what.zh}为 18 位", f"a {what.en} has 18 characters")
    return Words(
        f"不是{what.zh}：某个字符或校验码有误", f"not a {what.en}: a character or the check character is wrong"
    )
