"""Which consents are believed: each fault has its state, none opens anything, and doubt is never consent."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import SubjectKey
from gateway.authenticating.issuers import ConsentIssuer
from gateway.errors import GatewayError
from tests.promises.consenting import CLIENT, FIRM, FORGED, SALT, Desk, Gate, base64url, digest
from tests.promises.issuing import DEEP, raw

YEAR = 366 * 86_400.0


def issuer_of(service: Desk, keep: float = 0.0) -> ConsentIssuer:
    address = service.address
    algorithms = frozenset({"ES256"})
    return ConsentIssuer(address, f"{address}/jwks.json", algorithms, YEAR, f"{address}/status/", keep)


@pytest.fixture
async def service() -> AsyncIterator[Desk]:
    found = Desk()
    await found.open()
    yield found
    await found.close()


@pytest.fixture
async def gate(service: Desk) -> AsyncIterator[Gate]:
    found = Gate(service, {service.address: issuer_of(service)})
    yield found
    await found.close()


@pytest.fixture
async def keeping(service: Desk) -> AsyncIterator[Gate]:
    """A gate whose registry lets a status list be kept for 40 seconds, and whose clock stands still."""
    found = Gate(service, {service.address: issuer_of(service, keep=40.0)})
    found.monotonic = 1000.0
    yield found
    await found.close()


async def test_a_good_consent_covers_its_subject_and_nobody_else(gate: Gate) -> None:
    """A verified consent says its issuer, id, purpose and types; whose it is, only the right key finds out."""
    [consent], [told] = await gate.check(gate.token())
    assert (consent.id, consent.issuer, consent.purpose) == ("c-1", gate.service.address, "finance.loan")
    assert consent.types == {"Summary"}
    assert (told.id, told.state) == ("c-1", "VALID")
    assert consent.covers(FIRM)
    assert not consent.covers(SubjectKey("citizenId", FIRM.value))
    assert not consent.covers(SubjectKey("uscc", "91370000INVENTED2B"))
    assert FIRM.value not in repr(consent)


async def test_time_bounds_a_consent(gate: Gate) -> None:
    """From `nbf`, give or take a clock's error, until exactly `exp`; a life beyond the registered one is no consent."""
    now = int(gate.now)
    assert await gate.state(gate.token(exp=now)) == "EXPIRED"
    assert await gate.state(gate.token(exp=now + 2)) == "VALID"
    assert await gate.state(gate.token(nbf=now + 3600)) == "NOT_YET"
    assert await gate.state(gate.token(nbf=now + 20)) == "VALID"
    assert await gate.state(gate.token(exp=now + int(YEAR))) == "MALFORMED"
    assert await gate.state(gate.token(exp=now - 100, nbf=now - 50)) == "MALFORMED"


async def test_another_grantees_consent_says_nothing_of_itself(gate: Gate) -> None:
    """Who shows another's consent learns neither whether it holds nor whether it was withdrawn; nobody is asked."""
    gate.service.withdrawn = {7}
    now = int(gate.now)
    cases: tuple[dict[str, Any], ...] = ({}, {"exp": now - 10}, {"nbf": now + 3600})
    for changes in cases:
        assert await gate.state(gate.token(aud="another-bank", **changes)) == "NOT_FOR_YOU"
    assert gate.service.lists_asked == 0


def tampered(token: bytes, gate: Gate) -> bytes:
    header, _, signature = token.split(b".")
    return b".".join(
        (header, raw({}, gate.claims(aud=CLIENT.id, purpose="gov.licensing")).split(".")[1].encode(), signature)
    )


async def test_forged_consents_are_not_verified(gate: Gate) -> None:
    """Tampered, unsigned, signed by another key, by nobody known, in another algorithm: all are NOT_VERIFIED."""
    header = {"typ": "credit-consent+jwt", "kid": "c1"}
    forged = {
        "tampered": tampered(gate.token(), gate),
        "unsigned": raw({"alg": "none", **header}, gate.claims()).encode(),
        "unsigned, spelled otherwise": raw({"alg": "NONE", **header}, gate.claims()).encode(),
        "shared secret": raw({"alg": "HS256", **header}, gate.claims(), b"x" * 32).encode(),
        "another key": gate.token(FORGED),
        "an unknown key": gate.token(FORGED, {"kid": "c9"}),
        "an unknown issuer": gate.token(iss="https://nobody.example"),
    }
    states = {name: (await gate.check(token))[1][0] for name, token in forged.items()}
    assert {name: (told.id, told.state) for name, told in states.items()} == dict.fromkeys(
        forged, (None, "NOT_VERIFIED")
    )
    assert gate.service.lists_asked == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"salt": base64url(b"fifteen bytes!!")},
        {"salt": base64url(b"x" * 65)},
        {"salt": "盐"},
        {"sub": FIRM.value},
        {"sub": base64url(b"short")},
        {"types": []},
        {"types": "Summary"},
        {"types": [["Summary"]]},
        {"types": ["T"] * 65},
        {"purpose": None},
        {"purpose": ["finance.loan"]},
        {"aud": [CLIENT.id]},
        {"jti": None},
        {"jti": "c\u202e1"},
        {"nbf": None},
        {"exp": True},
        {"exp": "2027-01-01"},
        {"status": None},
        {"status": {"status_list": {"uri": "", "idx": 7}}},
        {"status": {"status_list": {"uri": "x", "idx": True}}},
        {"status": {"status_list": {"uri": "x", "idx": "7"}}},
    ],
    ids=lambda changes: "-".join(changes),
)
async def test_every_claim_is_required_and_typed(gate: Gate, changes: dict[str, Any]) -> None:
    """A genuine consent that leaves a claim out, or gives it another shape, is MALFORMED and opens nothing."""
    assert await gate.state(gate.token(**changes)) == "MALFORMED"
    assert gate.service.lists_asked == 0


async def test_only_consents_are_consents(gate: Gate) -> None:
    """Other text, another type of token, a header that brings its own key, and what is too large are MALFORMED."""
    for token in (
        b"",
        b"\xff\xfe",
        "同意".encode(),
        b"a.b.c",
        DEEP,
        gate.token(header={"typ": "at+jwt"}),
        gate.token(header={"typ": None}),
        gate.token(header={"jwk": FORGED.as_dict(private=False)}),
        gate.token(note="x" * 5000),
    ):
        assert await gate.state(token) == "MALFORMED"


async def test_a_withdrawn_consent_opens_nothing_from_the_next_request_on(gate: Gate) -> None:
    """Every request asks again: valid, withdrawn, and a service that takes it back is believed as well."""
    assert await gate.state(gate.token()) == "VALID"
    gate.service.withdrawn = {7}
    assert await gate.state(gate.token()) == "WITHDRAWN"
    gate.service.withdrawn = {6, 8}
    assert await gate.state(gate.token()) == "VALID"


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
async def test_a_list_is_read_as_it_is_packed(gate: Gate, bits: int) -> None:
    """Each index of a list of 1, 2, 4 or 8 bits finds its own status, the lowest bits first; beyond it is nothing."""
    gate.service.bits, gate.service.size, gate.service.withdrawn = bits, 32, {0, 3, 8, 31}

    async def at(index: int) -> str:
        place = {"uri": f"{gate.service.address}/status/1", "idx": index}
        return await gate.state(gate.token(status={"status_list": place}))

    assert {index for index in range(32) if await at(index) == "WITHDRAWN"} == {0, 3, 8, 31}
    assert [await at(index) for index in (32, -1, 1 << 40)] == ["NOT_VERIFIED"] * 3


async def test_a_status_list_is_never_fetched_from_where_the_token_says(gate: Gate) -> None:
    """Only the registered folder is asked: another host, another path, a longer way are NOT_VERIFIED unasked."""
    elsewhere = Desk()
    await elsewhere.open()
    home = gate.service.address
    for address in (
        f"{elsewhere.address}/status/1",
        f"{home}/elsewhere/1",
        f"{home}/status/",
        f"{home}/status/../private",
        f"{home}/status/1?to=2",
        f"{home}/status/1/2",
        f"{home}/status/%2e%2e",
        f"{home}/status/1#x",
    ):
        place = {"status_list": {"uri": address, "idx": 7}}
        assert await gate.state(gate.token(status=place)) == "NOT_VERIFIED", address
    assert (gate.service.lists_asked, elsewhere.asked) == (0, [])
    await elsewhere.close()


async def test_a_registry_may_name_one_list(service: Desk) -> None:
    """Where the registered address is no folder it is the one list, and nothing beside it."""
    issuer = replace(issuer_of(service), status_lists=f"{service.address}/status/1")
    gate = Gate(service, {service.address: issuer})
    assert await gate.state(gate.token()) == "VALID"
    place = {"status_list": {"uri": f"{service.address}/status/12", "idx": 7}}
    assert await gate.state(gate.token(status=place)) == "NOT_VERIFIED"
    await gate.close()


BOMB = base64url(zlib.compress(bytes(2 << 20)))
CUT = base64url(zlib.compress(b"x" * 64)[:-6])


@pytest.mark.parametrize(
    "spoil",
    [
        {"status": "503 Service Unavailable"},
        {"status": "302 Found"},
        {"body": b""},
        {"body": b"[]"},
        {"body": b"x" * 200_000},
        {"key": FORGED},
        {"changes": {"sub": "https://another.example/status/1"}},
        {"changes": {"iss": "https://another.example"}},
        {"changes": {"ttl": None}},
        {"changes": {"iat": 1_700_000_000}},
        {"changes": {"iat": 4_000_000_000}},
        {"changes": {"exp": 1_700_000_000}},
        {"changes": {"status_list": {"bits": 3, "lst": "eNpjAAAAAQAB"}}},
        {"changes": {"status_list": {"bits": True, "lst": "eNpjAAAAAQAB"}}},
        {"changes": {"status_list": {"bits": 1, "lst": "AAAA"}}},
        {"changes": {"status_list": {"bits": 1, "lst": BOMB}}},
        {"changes": {"status_list": {"bits": 1, "lst": CUT}}},
        {"changes": {"status_list": None}},
    ],
    ids=lambda spoil: "-".join([*spoil, *spoil.get("changes", ())]),
)
async def test_a_list_that_cannot_be_believed_verifies_nothing(gate: Gate, spoil: dict[str, Any]) -> None:
    """No list, a foreign, stale, forged, oversized or unreadable one: the consent is NOT_VERIFIED, its id is told."""
    for name, value in spoil.items():
        setattr(gate.service, name, value)
    verified, [told] = await gate.check(gate.token())
    assert (verified, told.id, told.state) == ((), "c-1", "NOT_VERIFIED")


async def test_a_service_that_is_down_verifies_nothing_and_comes_back(gate: Gate) -> None:
    """Without the service no consent holds, though it held a moment ago; when it is back, consents hold again."""
    assert await gate.state(gate.token()) == "VALID"
    await gate.service.close()
    assert await gate.state(gate.token()) == "NOT_VERIFIED"
    await gate.service.open()
    assert await gate.state(gate.token()) == "VALID"


async def test_a_service_that_hangs_costs_a_bounded_time(service: Desk) -> None:
    """A mute service costs its own consents the bound, and those of another service nothing."""
    other = Desk()
    await other.open()
    gate = Gate(service, {item.address: issuer_of(item) for item in (service, other)}, within=0.7)
    elsewhere: dict[str, Any] = {
        "iss": other.address,
        "status": {"status_list": {"uri": f"{other.address}/status/1", "idx": 7}},
    }
    assert await gate.state(gate.token(jti="c-2", **elsewhere)) == "VALID"  # the keys of both are known
    assert await gate.state(gate.token()) == "VALID"
    service.hold = asyncio.Event()
    async with asyncio.timeout(20):  # it would be mute for ever
        verified, told = await gate.check(gate.token(), gate.token(jti="c-2", **elsewhere))
    assert [item.state for item in told] == ["NOT_VERIFIED", "VALID"]
    assert [consent.id for consent in verified] == ["c-2"]
    await gate.close()
    await other.close()


async def test_one_request_asks_once_for_all_its_consents(gate: Gate) -> None:
    """Ninety consents of one issuer cost one question for its list, and keep their order and their own states."""
    gate.service.size, gate.service.withdrawn = 128, {3, 50}
    tokens = [
        gate.token(jti=f"c-{n}", status={"status_list": {"uri": f"{gate.service.address}/status/1", "idx": n}})
        for n in range(90)
    ]
    verified, told = await gate.check(*tokens)
    assert gate.service.lists_asked == 1
    assert [item.id for item in told] == [f"c-{n}" for n in range(90)]
    assert [n for n, item in enumerate(told) if item.state == "WITHDRAWN"] == [3, 50]
    assert [consent.id for consent in verified] == [f"c-{n}" for n in range(90) if n not in (3, 50)]


async def test_requests_share_a_fetch_that_began_after_they_came(gate: Gate) -> None:
    """Who comes during a fetch does not believe its list, which may be older than a withdrawal, but shares the next."""
    await gate.check(gate.token())
    gate.service.asked.clear()
    gate.service.hold = asyncio.Event()
    first = asyncio.create_task(gate.state(gate.token()))
    while not gate.service.lists_asked:
        await asyncio.sleep(0)
    gate.service.withdrawn = {7}  # the first list is settled already
    later = [asyncio.create_task(gate.state(gate.token())) for _ in range(40)]
    await asyncio.sleep(0)
    gate.service.hold.set()
    assert await first == "VALID"
    assert set(await asyncio.gather(*later)) == {"WITHDRAWN"}
    assert gate.service.lists_asked == 2


async def test_a_list_is_kept_as_long_as_registry_and_list_both_say(keeping: Gate) -> None:
    """With `keepStatus: 40s` a list serves for forty seconds; a shorter `ttl` shortens that."""
    for ttl, keeps in ((300, 40.0), (10, 10.0)):
        keeping.service.changes = {"ttl": ttl}
        keeping.service.withdrawn = set()
        assert keeping.monotonic is not None
        keeping.monotonic += 1000.0
        assert await keeping.state(keeping.token()) == "VALID"
        keeping.service.withdrawn = {7}
        keeping.monotonic += keeps - 1.5
        assert await keeping.state(keeping.token()) == "VALID"
        keeping.monotonic += 1.5
        assert await keeping.state(keeping.token()) == "WITHDRAWN"


async def test_consents_of_a_request_are_counted_and_typed(gate: Gate) -> None:
    """One consent in the header, two hundred in the body; more, or another shape than texts, is refused by name."""
    assert gate.consents.given(None, {}) == []
    assert gate.consents.given(b"h", {"consents": ["a", "b"]}) == [b"h", b"a", b"b"]
    assert len(gate.consents.given(b"h", {"consents": ["a"] * 200})) == 201
    for listed, code in ((["a"] * 201, "LIMIT_EXCEEDED"), ("a", "MALFORMED_REQUEST"), ([1], "MALFORMED_REQUEST")):
        with pytest.raises(GatewayError) as caught:
            gate.consents.given(None, {"consents": listed})
        assert caught.value.code == code


async def test_the_salt_is_part_of_the_digest(gate: Gate) -> None:
    """The same subject under another salt is another digest: two consents do not tell that they are one subject's."""
    other = b"another salt of enough"
    [consent], _ = await gate.check(gate.token(salt=base64url(other), sub=digest(FIRM, other)))
    assert consent.covers(FIRM)
    [wrong], _ = await gate.check(gate.token(salt=base64url(other), sub=digest(FIRM, SALT)))
    assert not wrong.covers(FIRM)
