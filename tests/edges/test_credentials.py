"""How the gateway proves to platforms who asks, against servers that verify for real: every hash and signature is
computed here anew, and what does not prove itself is refused."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from connectors.contract import AuthFailed, Connector, ConnectorError, Deadline, TimedOut, Unavailable
from connectors.kinds import credentials
from connectors.kinds.credentials import keeping
from connectors.spelling import DeclarationError
from gateway.environment import Environment
from gateway.settings import Settings
from tests.edges.crooked import Behaviour, Seen, Server, always, hang, raw
from tests.edges.invented import (
    FIRM,
    OTHER,
    REST_SOURCE,
    REST_TYPE,
    Surroundings,
    ask,
    connector,
    in_use,
    registered,
    rows,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)  # of the surroundings
ENVELOPE = (
    '    success: {path: code, is: ["00"]}\n    errors: {"401": AuthFailed, "14": AuthFailed, "*": Unavailable}\n'
)
GOOD = {"code": "00", "rows": [{"id": 1, "code": FIRM, "state": "1"}]}


def said(code: int, body: Any, extra: str = "") -> bytes:
    return raw(json.dumps(body).encode(), f"{code} Said", extra=extra)


class Platform:
    """A platform that answers by a path's own rule; `refused` counts what it would not believe."""

    def __init__(self, **paths: Callable[[Seen], bytes]) -> None:
        self.paths = paths
        self.refused = 0

    async def __call__(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        answer = self.paths[seen.path.rsplit("/", 1)[-1].partition(".")[0]](seen)
        self.refused += answer.startswith(b"HTTP/1.1 401") or b'"14"' in answer
        writer.write(answer)


@asynccontextmanager
async def asked(
    behaviour: Behaviour, auth: str, settings: dict[str, str], permit: str = REST_TYPE, more: str = ""
) -> AsyncIterator[tuple[Server, Connector]]:
    async with Server(behaviour) as server:
        made = connector(registered(f"{REST_SOURCE}    auth: {auth}\n{ENVELOPE}{more}", permit))
        settings["env:INVENTED_BASE"] = server.base + "/base"
        settings.setdefault("env:TOKEN", server.base + "/base/token")
        async with in_use(made, settings):
            yield server, made


def paths(server: Server) -> list[str]:
    return [seen.path.removeprefix("/base/") for seen in server.seen]


# -- OAuth 2


def form(seen: Seen) -> dict[str, str]:
    return dict(parse_qsl(seen.body.decode()))


class Issuer:
    """A token endpoint and the interface that its tokens open; `believes` says whom it gives any."""

    def __init__(self, believes: Callable[[Seen], bool], lasts: float | None = 3600) -> None:
        self.believes, self.lasts = believes, lasts
        self.good: list[str] = []
        self.platform = Platform(token=self.token, permits=self.permits)

    def token(self, seen: Seen) -> bytes:
        if form(seen).get("grant_type") != "client_credentials" or not self.believes(seen):
            return said(400, {"error": "invalid_client"})
        self.good = [f"token-{len(self.good) + 1}", *self.good][:3]
        told = {"access_token": self.good[0], "token_type": "bearer"}
        return said(200, told if self.lasts is None else {**told, "expires_in": self.lasts})

    def permits(self, seen: Seen) -> bytes:
        shown = seen.headers.get("authorization", "").removeprefix("Bearer ")
        return said(200, GOOD) if self.good and shown == self.good[0] else said(401, {})


def by_header(seen: Seen) -> bool:
    pair = b64decode(seen.headers["authorization"].removeprefix("Basic ")).decode()
    return [unquote_plus(part) for part in pair.split(":")] == ["gate:way", "s%c t"] and form(seen)["scope"] == "a b"


def by_form(seen: Seen) -> bool:
    return (form(seen)["client_id"], form(seen)["client_secret"]) == ("gate:way", "s%c t")


CLIENT = {"secret:id": "gate:way", "secret:word": "s%c t"}
BASIC = "{kind: oauth2, token: /token, client: 'secret:id', secret: 'secret:word', scopes: [a, b]}"
POST = "{kind: oauth2, token: env:TOKEN, client: 'secret:id', secret: 'secret:word', method: client_secret_post}"


@pytest.mark.parametrize(("auth", "believes"), [(BASIC, by_header), (POST, by_form)], ids=["header", "form"])
async def test_a_token_is_fetched_once_for_all(auth: str, believes: Callable[[Seen], bool]) -> None:
    """Ten questions at a time need one token, which serves until it ends; the endpoint may have a URL of its own."""
    issuer = Issuer(believes)
    async with asked(issuer.platform, auth, dict(CLIENT)) as (server, made):
        found = await asyncio.gather(*(rows(made, ask()) for _ in range(10)))
        assert all(len(each) == 1 for each in found)
        assert paths(server).count("token") == 1
        assert issuer.platform.refused == 0


async def test_a_token_that_is_refused_is_fetched_once_more() -> None:
    """Questions whose token the platform takes no more get another, one for all, and are put once more."""
    issuer = Issuer(by_header)
    async with asked(issuer.platform, BASIC, dict(CLIENT)) as (server, made):
        await rows(made, ask())
        issuer.good = ["revoked meanwhile"]
        await asyncio.gather(*(rows(made, ask()) for _ in range(5)))
        assert paths(server).count("token") == 2
        issuer.permits = lambda seen: said(401, {})  # type: ignore[method-assign]
        issuer.platform.paths["permits"] = issuer.permits
        before = len(server.seen)
        with pytest.raises(AuthFailed):
            await rows(made, ask())
        assert paths(server)[before:] == ["permits", "token", "permits"]


class Lending:
    """The clock by which what is lent to us ends: it goes when a test says so."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def lending(monkeypatch: pytest.MonkeyPatch) -> Lending:
    clock = Lending()
    monkeypatch.setattr(keeping, "time", clock)
    return clock


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


async def test_a_token_is_renewed_before_it_ends(lending: Lending) -> None:
    """Shortly before its end the old token still serves, while the next is on its way: nobody waits."""
    issuer, gate = Issuer(by_header, lasts=3600), asyncio.Event()

    async def slowly(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.path.endswith("/token"):
            await gate.wait()
        await issuer.platform(seen, writer)

    async with asked(slowly, BASIC, dict(CLIENT)) as (server, made):
        gate.set()
        for lending.now in (0.0, 3560.0):
            await rows(made, ask())
        assert paths(server).count("token") == 1
        gate.clear()
        for lending.now in (3580.0, 3590.0):
            await rows(made, ask())
        await until(lambda: paths(server).count("token") == 2)
        gate.set()
        await until(lambda: len(issuer.good) == 2)
        for lending.now in (3590.0, 3610.0):
            await rows(made, ask())
        assert paths(server).count("token") == 2
        assert issuer.platform.refused <= 1  # this issuer takes the old one no more once it gave the next


async def test_a_token_serves_to_its_end_where_no_other_is_given(
    lending: Lending, caplog: pytest.LogCaptureFixture
) -> None:
    """A renewal that fails is told to the operator, and not tried with every question."""
    issuer = Issuer(by_header, lasts=3600)
    async with asked(issuer.platform, BASIC, dict(CLIENT)) as (server, made):
        await rows(made, ask())
        issuer.platform.paths["token"] = lambda seen: said(503, {})
        for lending.now, tries in ((3580.0, 1), (3580.9, 1), (3581.1, 2)):
            for _ in range(3):
                assert len(await rows(made, ask())) == 1
                await until(lambda: caplog.text.count("answered with status 503") == tries)  # noqa: B023
            assert paths(server).count("token") == 1 + tries
        assert "a credential was not renewed: the token endpoint answered with status 503" in caplog.text


async def test_a_token_endpoint_may_move() -> None:
    """A reference that stands for another URL is taken up when the old endpoint refuses us."""
    issuer, settings = Issuer(by_form), dict(CLIENT)
    async with Server(always(said(401, {}))) as old:
        settings["env:TOKEN"] = old.base + "/token?realm=1"
        async with asked(issuer.platform, POST, settings) as (server, made):
            with pytest.raises(AuthFailed):
                await rows(made, ask())
            assert [seen.target for seen in old.seen] == ["/token?realm=1"]
            settings["env:TOKEN"] = server.base + "/base/token?realm=1"
            assert len(await rows(made, ask())) == 1
            assert paths(server) == ["token", "permits"]


TOKENS: list[tuple[str, bytes, type[ConnectorError]]] = [
    ("a wrong secret", said(400, {"error": "invalid_client"}), AuthFailed),
    ("401", said(401, {}), AuthFailed),
    ("503", said(503, {}), Unavailable),
    ("no token", said(200, {"token_type": "bearer"}), Unavailable),
    ("a token with a line break", said(200, {"access_token": "a\r\nb", "token_type": "bearer"}), Unavailable),
    ("a token of another kind", said(200, {"access_token": "a", "token_type": "mac"}), AuthFailed),
    ("a page", raw(b"<html>hunter2</html>"), Unavailable),
]


@pytest.mark.parametrize(("answer", "error"), [case[1:] for case in TOKENS], ids=[case[0] for case in TOKENS])
async def test_without_a_token_nothing_is_asked(answer: bytes, error: type[ConnectorError]) -> None:
    """What the token endpoint says becomes one error of the contract, and the interface is not asked."""
    async with asked(always(answer), BASIC, dict(CLIENT)) as (server, made):
        with pytest.raises(error) as caught:
            await rows(made, ask())
        assert set(paths(server)) == {"token"}
        assert "hunter2" not in str(caught.value)


async def test_a_token_endpoint_that_hangs_is_cut() -> None:
    """Who waits for a token waits no longer than the question may."""
    async with asked(hang, BASIC, dict(CLIENT)) as (_, made):
        with pytest.raises(TimedOut):
            await rows(made, ask(seconds=0.2))


def rsa_signed(key: Any, signature: bytes, text: bytes) -> None:
    key.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())


def pss_signed(key: Any, signature: bytes, text: bytes) -> None:
    key.public_key().verify(signature, text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def curve_signed(key: Any, signature: bytes, text: bytes) -> None:
    numbers = [int.from_bytes(part, "big") for part in (signature[:32], signature[32:])]
    key.public_key().verify(encode_dss_signature(*numbers), text, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    ("algorithm", "verify"), [("RS256", rsa_signed), ("PS256", pss_signed), ("ES256", curve_signed)]
)
async def test_a_client_proves_itself_with_a_key(algorithm: str, verify: Callable[[Any, bytes, bytes], None]) -> None:
    """The JWT names client, endpoint and a minute's time, never comes twice, and its signature is that of the key."""
    key = ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    known: list[dict[str, Any]] = []

    def verified(seen: Seen) -> bool:
        head, claims, signature = form(seen)["client_assertion"].split(".")
        parts = [json.loads(urlsafe_b64decode(part + "==")) for part in (head, claims)]
        verify(key, urlsafe_b64decode(signature + "=="), f"{head}.{claims}".encode())
        known.append(parts[1])
        return parts[0] == {"alg": algorithm, "typ": "JWT", "kid": "k1"} and "client_secret" not in form(seen)

    issuer = Issuer(verified)
    auth = (
        "{kind: oauth2, token: /token, client: 'secret:id', key: 'secret:key', keyId: k1, method: private_key_jwt, "
        f"algorithm: {algorithm}}}"
    )
    async with asked(issuer.platform, auth, {**CLIENT, "secret:key": pem}) as (server, made):
        await rows(made, ask())
        issuer.good = []
        await rows(made, ask())
        assert {claims["aud"] for claims in known} == {server.base + "/base/token"}
    assert {claims["iss"] for claims in known} == {claims["sub"] for claims in known} == {"gate:way"}
    assert [(claims["iat"], claims["exp"]) for claims in known] == [(NOW.timestamp(), NOW.timestamp() + 60)] * 2
    assert known[0]["jti"] != known[1]["jti"]


@pytest.mark.parametrize("key", ["hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"])
async def test_a_key_that_is_none_stops_the_start(key: str) -> None:
    """It is named by its reference, and not a letter of it is told."""
    auth = "{kind: oauth2, token: /token, client: 'secret:id', key: 'secret:key', method: private_key_jwt}"
    with pytest.raises(ValueError, match="`secret:key`") as caught:
        async with asked(hang, auth, {**CLIENT, "secret:key": key}):
            pass
    assert "hunter2" not in str(caught.value)


async def test_who_stops_waiting_for_a_token_takes_it_from_nobody() -> None:
    """The first who asks begins to fetch a token; when he leaves, the others get it all the same; when the source is
    closed, whoever still waits is told."""
    issuer, gate = Issuer(by_header), asyncio.Event()

    async def slowly(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await issuer.platform(seen, writer)

    async with asked(slowly, BASIC, dict(CLIENT)) as (server, made):
        first, second = (asyncio.create_task(rows(made, ask())) for _ in range(2))
        await until(lambda: server.seen)
        first.cancel()
        gate.set()
        assert len(await second) == 1
        assert paths(server).count("token") == 1
    gate.clear()
    async with asked(slowly, BASIC, dict(CLIENT)) as (server, made):
        waiting = asyncio.create_task(rows(made, ask()))
        await until(lambda: server.seen)
        await made.close()
        with pytest.raises(Unavailable):
            await waiting


# -- a key, the time, and a hash


def signature(name: str, key: str, secret: str, moment: str, nonce: str = "") -> str:
    return {
        "md5": lambda: hashlib.md5(f"{key}{secret}{moment}".encode()).hexdigest(),
        "sha256": lambda: hashlib.sha256(f"{key}{secret}{moment}".encode()).hexdigest().upper(),
        "sm3": lambda: hashlib.new("sm3", f"{key}{secret}{moment}".encode()).hexdigest(),
        "hmac-sha256": lambda: hmac.digest(secret.encode(), f"{key}&{moment}&{nonce}".encode(), "sha256").hex(),
    }[name]()


PLAIN = "of: '{appKey}{secret}{time}'"
APPS = [
    ("md5", f"sign: {{hash: md5, {PLAIN}}}", "appKey", "requestTime", "sign", "1795478400000"),
    (
        "sha256",
        f"at: query, time: '%Y%m%d%H%M%S', names: {{appKey: app, time: ts, sign: sg}}, "
        f"sign: {{hash: sha256, upper: true, {PLAIN}}}",
        "app",
        "ts",
        "sg",
        "20261124080000",
    ),
    (
        "sm3",
        f"at: query, time: epochSeconds, sign: {{hash: sm3, {PLAIN}}}",
        "appKey",
        "requestTime",
        "sign",
        "1795478400",
    ),
    (
        "hmac-sha256",
        "at: body, names: {nonce: once}, sign: {hash: hmac-sha256, of: '{appKey}&{time}&{nonce}'}",
        "appKey",
        "requestTime",
        "sign",
        "1795478400000",
    ),
]
FORM = REST_TYPE.replace("GET", "POST").replace("query:", "form:")
JSON = REST_TYPE.replace("GET", "POST").replace("query:", "json:")


@pytest.mark.parametrize("permit", [FORM, JSON], ids=["form", "json"])
@pytest.mark.parametrize("case", APPS, ids=[case[0] for case in APPS])
async def test_a_question_bears_key_time_and_signature(case: tuple[str, ...], permit: str) -> None:
    """Wherever the platform wants them and whatever it calls them, it computes the same signature."""
    name, words, key, moment, sign, at = case

    def verified(seen: Seen) -> bytes:
        body = json.loads(seen.body) if permit is JSON else form(seen)
        assert body["code"] == FIRM
        borne = {**seen.headers, **seen.query, **{k.lower(): v for k, v in seen.query.items()}}
        borne |= {each.lower(): value for each, value in body.items()}
        right = signature(name, "k-1", "s-1", at, borne.get("once", ""))
        shown = (borne[key.lower()], borne[moment.lower()], borne[sign.lower()])
        return said(200, GOOD) if shown == ("k-1", at, right) else said(401, {})

    auth = f"{{kind: appKey, appKey: 'secret:k', secret: 'secret:s', {words}}}"
    async with asked(Platform(permits=verified), auth, {"secret:k": "k-1", "secret:s": "s-1"}, permit) as (_, made):
        assert len(await rows(made, ask())) == 1


async def test_a_clock_that_is_wrong_is_told() -> None:
    """When the platform refuses us and its clock is another, the operator reads by how much."""
    ahead = format_datetime(NOW + timedelta(minutes=7), usegmt=True)
    auth = f"{{kind: appKey, appKey: 'secret:k', secret: 'secret:s', sign: {{hash: md5, {PLAIN}}}}}"
    settings = {"secret:k": "k", "secret:s": "s"}
    async with asked(always(said(401, {}, f"Date: {ahead}\r\n")), auth, settings) as (server, made):
        with pytest.raises(AuthFailed, match="420 seconds ahead of ours"):
            await rows(made, ask())
        assert len(server.seen) == 1


class Exchange:
    """A government's API gateway: secrets of a few minutes, lent for the lasting one and then for each other."""

    def __init__(self) -> None:
        self.requests, self.refreshes = ["r-0"], ["f-0"]
        self.ends: dict[str, int] = {}
        self.platform = Platform(refreshTokenByKey=self.by_key, refreshTokenBySec=self.by_secret, permits=self.permits)

    def shown(self, seen: Seen, secret: str) -> bool:
        query = seen.query
        return query.get("sign") == signature("md5", "app", secret, query.get("requestTime", ""))

    def lend(self) -> bytes:
        self.requests.append(f"r-{len(self.requests)}")
        self.refreshes.append(f"f-{len(self.refreshes)}")
        lent = {"requestSecret": self.requests[-1], "refreshSecret": self.refreshes[-1], **self.ends}
        return said(200, {"code": "00", "datas": lent})

    def by_key(self, seen: Seen) -> bytes:
        return self.lend() if self.shown(seen, "lasting") else said(200, {"code": "14"})

    def by_secret(self, seen: Seen) -> bytes:
        return self.lend() if self.shown(seen, self.refreshes[-1]) else said(200, {"code": "14"})

    def permits(self, seen: Seen) -> bytes:
        return said(200, GOOD if self.shown(seen, self.requests[-1]) else {"code": "14", "msg": "hunter2"})


ROTATING = (
    f"{{kind: appKey, appKey: 'secret:k', secret: 'secret:s', at: query, sign: {{hash: md5, {PLAIN}}}, rotating: "
    "{first: /app/refreshTokenByKey.htm, next: /app/refreshTokenBySec.htm, secret: datas.requestSecret, "
    "refresh: datas.refreshSecret, until: datas.ends, refreshUntil: datas.refreshEnds}}"
)
INTERFACE = REST_TYPE.replace("/permits", "/gateway/api/001003002/dataSharing/permits.htm")
APP = {"secret:k": "app", "secret:s": "lasting"}


async def test_secrets_that_rotate_are_taken_step_by_step() -> None:
    """The lasting secret is shown once; then each secret is taken for the one that came with the last, for all
    questions together, and a question that came too late with the old one is put once more."""
    exchange = Exchange()
    async with asked(exchange.platform, ROTATING, dict(APP), INTERFACE) as (server, made):
        await asyncio.gather(*(rows(made, ask()) for _ in range(4)))
        exchange.requests.append("ended meanwhile")
        await asyncio.gather(*(rows(made, ask()) for _ in range(4)))
    steps = [path for path in paths(server) if "refresh" in path]
    assert steps == ["app/refreshTokenByKey.htm", "app/refreshTokenBySec.htm"]
    assert paths(server)[1] == "gateway/api/001003002/dataSharing/permits.htm"


async def test_a_chain_of_secrets_that_broke_begins_anew() -> None:
    """When the refreshing secret serves no more, the lasting one does; when that neither, we are refused."""
    exchange = Exchange()
    async with asked(exchange.platform, ROTATING, dict(APP), INTERFACE) as (server, made):
        await rows(made, ask())
        exchange.requests.append("gone")
        exchange.refreshes.append("gone")
        await rows(made, ask())
        tail = ["permits.htm", "refreshTokenBySec.htm", "refreshTokenByKey.htm", "permits.htm"]
        assert [path.rsplit("/", 1)[-1] for path in paths(server)[-4:]] == tail
        exchange.platform.paths |= dict.fromkeys(exchange.platform.paths, lambda seen: said(200, {"code": "14"}))
        with pytest.raises(AuthFailed):
            await rows(made, ask())


async def test_a_secret_is_renewed_before_the_platform_lets_it_end() -> None:
    """The end that the platform tells is kept: the next secret is taken in time, and no question is refused."""
    exchange = Exchange()
    millis = int(NOW.timestamp() * 1000)
    exchange.ends = {"ends": millis + 1000, "refreshEnds": millis + 60_000}
    async with asked(exchange.platform, ROTATING, dict(APP), INTERFACE) as (server, made):
        await rows(made, ask())
        await asyncio.sleep(1.1)
        await rows(made, ask())
    assert exchange.platform.refused == 0
    assert paths(server).count("app/refreshTokenBySec.htm") == 1


# -- exchanged while the gateway runs


def basic(seen: Seen, password: str) -> bytes:
    right = b64decode(seen.headers["authorization"].removeprefix("Basic ")) == f"gw:{password}".encode()
    return said(200, GOOD) if right else said(401, {})


async def test_a_password_is_exchanged_without_a_restart(tmp_path: Path) -> None:
    """A question that is refused is put once more with the secret that lies in the file by now; a file that says the
    same, or is gone at the moment, brings no second question."""
    (tmp_path / "secrets").mkdir()
    secret = tmp_path / "secrets" / "word"
    secret.write_text("old")
    password = "old"
    auth = "{kind: basic, user: env:GW, password: 'secret:word'}"
    async with Server(Platform(permits=lambda seen: basic(seen, password))) as server:
        made = connector(registered(f"{REST_SOURCE}    auth: {auth}\n{ENVELOPE}", REST_TYPE))
        await made.open(Environment(Settings(home=tmp_path, environment={"INVENTED_BASE": server.base, "GW": "gw"})))
        await rows(made, ask())
        password = "new"
        with pytest.raises(AuthFailed):
            await rows(made, ask())
        secret.unlink()
        with pytest.raises(AuthFailed):
            await rows(made, ask())
        assert len(server.seen) == 3
        secret.write_text("new\n")
        await rows(made, ask())
        await rows(made, ask())
        assert len(server.seen) == 6
        await made.close()


@pytest.mark.parametrize(
    ("held", "means"), [(b"\xef\xbb\xbfword\r\n", "word"), (b"\n", None), (b"", None), (b"\xff\xfew\x00", None)]
)
def test_a_file_of_a_secret_is_a_text_with_something_in_it(tmp_path: Path, held: bytes, means: str | None) -> None:
    """Whatever an editor puts around a secret is no part of it; what is empty (a file that is just being written) or no
    text stands for nothing, and is told by its reference alone."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "word").write_bytes(held)
    environment = Environment(Settings(home=tmp_path, environment={}))
    if means is not None:
        assert environment.resolve("secret:word") == means
        return
    with pytest.raises(ValueError, match=r"^`secret:word` (is empty|is no text of UTF-8 that can be read)$"):
        environment.resolve("secret:word")


async def test_an_exchanged_secret_is_taken_up_before_the_old_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of secrets are looked at every few seconds, so that no question needs to be refused first."""
    monkeypatch.setattr(credentials, "LOOK_EVERY", 0.0)
    settings = {"env:GW": "gw", "secret:word": "old"}
    auth = "{kind: basic, user: env:GW, password: 'secret:word'}"
    platform = Platform(permits=lambda seen: basic(seen, settings["secret:word"]))
    async with asked(platform, auth, settings) as (_, made):
        await rows(made, ask())
        settings["secret:word"] = "new"
        await rows(made, ask())
        assert platform.refused == 0


async def test_a_password_in_the_body_is_exchanged_too() -> None:
    """Whatever a template refers to is read anew, wherever it stands."""
    permit = FORM.replace('"{subject}"}', '"{subject}", username: env:GW, pwd: "secret:word"}')
    settings = {"env:GW": "gw", "secret:word": "old"}
    word = "old"

    def check(seen: Seen) -> bytes:
        return said(200, GOOD if (form(seen)["username"], form(seen)["pwd"]) == ("gw", word) else {"code": "14"})

    async with asked(Platform(permits=check), "{kind: none}", settings, permit) as (server, made):
        await rows(made, ask())
        word = settings["secret:word"] = "new & longer"
        assert len(await rows(made, ask())) == 1
        assert len(server.seen) == 3


async def test_a_moved_platform_is_asked_at_its_new_address() -> None:
    """A base that is exchanged leads elsewhere: connections to the old address end when their answers are there."""
    async with Server(always(said(401, {}))) as old, Server(always(said(200, GOOD))) as new:
        settings = {"env:INVENTED_BASE": old.base}
        made = connector(registered(REST_SOURCE + ENVELOPE, REST_TYPE))
        await made.open(Surroundings(settings))
        settings["env:INVENTED_BASE"] = new.base
        assert len(await rows(made, ask())) == 1
        assert (len(old.seen), len(new.seen)) == (1, 1)
        await made.close()


async def test_one_refusal_is_told_for_all_subjects() -> None:
    """Of several questions at a time each is put at most twice."""
    issuer = Issuer(by_header)
    async with asked(issuer.platform, BASIC, dict(CLIENT)) as (server, made):
        await rows(made, ask(subjects=(FIRM, OTHER)))
        assert paths(server).count("token") == 1
        await made.health(Deadline.within(5))


WRONG = [
    (ROTATING.replace("at: query", "at: body"), "write `method: POST`"),
    ("{kind: basic, user: gateway, password: 'secret:word'}", "a literal is refused here"),
    ("{kind: oauth2, token: /t, client: 'secret:id', secret: hunter2}", "a literal is refused here"),
    (
        "{kind: oauth2, token: 'http://hunter2/t', client: 'secret:id', secret: 'secret:s'}",
        "begins with `/`, or a reference",
    ),
    (
        f"{{kind: appKey, appKey: 'secret:k', secret: 'secret:s', at: body, sign: {{hash: md5, {PLAIN}}}}}",
        "`form` or `json`",
    ),
    (
        f"{{kind: appKey, appKey: 'secret:k', secret: 'secret:s', time: '%H', sign: {{hash: md5, {PLAIN}}}}}",
        "not a format",
    ),
    ("{kind: oauth2, token: /t, client: 'secret:id'}", "takes `secret`, and no `key`"),
    ("{kind: oauth2, token: /t, client: 'secret:id', secret: 'secret:s', method: private_key_jwt}", "takes `key`"),
    ("{kind: appKey, appKey: 'secret:k', secret: 'secret:s', sign: {hash: md5, of: '{appKey}{time}'}}", "`{secret}`"),
    (
        "{kind: appKey, appKey: 'secret:k', secret: 'secret:s', sign: {hash: rot13, of: '{secret}{time}'}}",
        "known: hmac-sha256",
    ),
    (
        "{kind: appKey, appKey: 'secret:k', secret: 'secret:s', sign: {hash: hmac-sha256, of: '{time}{nonce}'}}",
        "a nonce that is signed is sent",
    ),
]


@pytest.mark.parametrize(("auth", "reason"), WRONG)
def test_what_would_prove_nothing_is_refused(auth: str, reason: str) -> None:
    """A literal, half of a proof or a signature over too little is named with its line, and never repeated."""
    with pytest.raises(DeclarationError) as caught:
        registered(f"{REST_SOURCE}    auth: {auth}\n", REST_TYPE)
    assert reason in str(caught.value)
    assert "hunter2" not in str(caught.value)
