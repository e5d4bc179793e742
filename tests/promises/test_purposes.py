"""What a question may be asked for: purposes are held, chosen and evidenced, never claimed."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.authenticating.purposes import evidence_for
from gateway.errors import GatewayError
from tests.edges.drafts import catalogue
from tests.promises.issuing import (
    Door,
    signed,
)


async def test_a_purpose_must_be_held(door: Door) -> None:
    """The header chooses among the token's purposes and never adds one, for a client or for the public: 403."""
    token = signed(door.claims())
    assert (await door.ask(token, (b"credit-purpose", b"gov.licensing"))).purpose == "gov.licensing"
    assert await door.code(token, (b"credit-purpose", b"gov.procurement")) == "PURPOSE_NOT_HELD"
    with pytest.raises(GatewayError) as caught:
        await door.authenticator.authenticate([(b"credit-purpose", b"gov.licensing")], {})
    assert (caught.value.code, caught.value.status) == ("PURPOSE_NOT_HELD", 403)


async def test_the_registry_is_the_ceiling_of_purposes(door: Door) -> None:
    """A purpose that an issuer puts into a token counts only when the client is registered for it."""
    details = [{"type": "credit-query", "purposes": ["court.execution"], "operator": "a", "caseNo": "b"}]
    token = signed(door.claims(scope="purpose:court.execution", authorization_details=details))
    assert (await door.ask(token)).purpose is None
    assert await door.code(token, (b"credit-purpose", b"court.execution")) == "PURPOSE_NOT_HELD"


async def test_of_several_purposes_one_is_chosen(door: Door) -> None:
    """Several purposes and no choice: 400; with a choice, that one."""
    details = [{"type": "credit-query", "purposes": ["gov.licensing", "gov.procurement"]}, {"type": "other"}]
    token = signed(door.claims(scope=None, authorization_details=details))
    assert await door.code(token) == "PURPOSE_REQUIRED"
    assert (await door.ask(token, (b"credit-purpose", b"gov.procurement"))).purpose == "gov.procurement"


async def test_a_client_is_told_what_scope_it_lacks(door: Door) -> None:
    """The refusal bears the standard's `insufficient_scope` with the scope to ask for; an invented word is not said."""
    token = signed(door.claims())
    refusal = await door.refusal(token, (b"credit-purpose", b"court.execution"))
    assert refusal.headers["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="insufficient_scope", scope="purpose:court.execution"' in refusal.headers["WWW-Authenticate"]
    refusal = await door.refusal(token, (b"credit-purpose", b'x", error="y'))
    assert (refusal.code, refusal.headers) == ("PURPOSE_UNKNOWN", {})


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (b"gov.licencing", "unknown purpose `gov.licencing`, did you mean `gov.licensing`?"),
        (b"GOV_LICENSING", "unknown purpose `GOV_LICENSING`, did you mean `gov.licensing`?"),
        (b"\xff\xfe", "unknown purpose"),
        ("gov.\u202elicensing".encode(), "unknown purpose"),
        (b"x" * 5000, "unknown purpose"),
    ],
)
async def test_an_unknown_purpose_gets_the_nearest_word(door: Door, word: bytes, said: str) -> None:
    """A misspelt purpose is answered with the right one; a word unfit to be said back is not repeated."""
    with pytest.raises(GatewayError) as caught:
        await door.ask(signed(door.claims()), (b"credit-purpose", word))
    assert (caught.value.code, caught.value.words()) == ("PURPOSE_UNKNOWN", said)


async def test_evidence_is_required_and_kept(door: Door) -> None:
    """Evidence comes from the token or the request, all of it, and a request cannot contradict the token."""
    details = [{"type": "credit-query", "purposes": ["court.execution"], "operator": "法官甲"}]
    token = signed(door.claims(client_id="court", scope=None, authorization_details=details))
    assert await door.code(token) == "EVIDENCE_REQUIRED"
    assert await door.code(token, evidence={"caseno": "x"}) == "EVIDENCE_REQUIRED"
    assert await door.code(token, evidence="caseNo") == "EVIDENCE_REQUIRED"
    assert await door.code(token, evidence={"caseNo": "(2026)鲁01执1号", "operator": "乙"}) == "EVIDENCE_REQUIRED"
    caller = await door.ask(token, evidence={"caseNo": "(2026)鲁01执1号", "other": "ignored"})
    assert caller.evidence == {"operator": "法官甲", "caseNo": "(2026)鲁01执1号"}


def test_each_purpose_demands_all_of_its_evidence() -> None:
    """Whatever the catalogue requires for a purpose must be there, each word of it, for every such purpose."""
    demanding = {code: purpose.evidence for code, purpose in catalogue().purposes.items() if purpose.evidence}
    assert demanding
    for code, words in demanding.items():
        whole = dict.fromkeys(words, "1")
        assert evidence_for(code, {code: {}}, {"evidence": whole}, catalogue()) == whole
        for missing in words:
            for held in ({}, {missing: ""}):
                given = {word: value for word, value in whole.items() if word != missing}
                with pytest.raises(GatewayError) as caught:
                    evidence_for(code, {code: held}, {"evidence": given}, catalogue())
                assert (caught.value.code, f"`{missing}`" in caught.value.words()) == ("EVIDENCE_REQUIRED", True)


@pytest.mark.parametrize(
    "value", ["", " ", "x" * 129, "a\nb", "a\x00b", "\u202eb", "a\u2028b", "\ud800", 7, None, ["x"], {}]
)
async def test_evidence_is_short_printable_text(door: Door, value: Any) -> None:
    """Control and bidirectional characters, other types and long text are refused, without being repeated."""
    token = signed(door.claims(client_id="court", scope="purpose:court.execution"))
    with pytest.raises(GatewayError) as caught:
        await door.ask(token, evidence={"operator": "甲", "caseNo": value})
    assert caught.value.code == "EVIDENCE_REQUIRED"
    assert "`caseNo`" in caught.value.words()
