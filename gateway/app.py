"""Composition only: Settings -> rooms, wired once -> one ASGI application with its routes and lifespan.

`/graphql` is a bare ASGI application in front of the Starlette routes. Start order: read and check the home,
open the audit log, open the platforms; a home that does not agree with itself is refused before a port is
taken. On the way out the platforms close first, the audit log last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.registry import Registry
from gateway import checking, keyfiles
from gateway.auditing import AuditLog
from gateway.authenticating import Authenticator
from gateway.authenticating.asking import Introspector, SecretError
from gateway.authenticating.clients import Clients, load_clients
from gateway.cursors import Cursors
from gateway.deciding import Decider
from gateway.documents import DocumentError, load
from gateway.endpoint import Endpoint
from gateway.errors import GatewayError, Refusal
from gateway.fetching import Fetcher
from gateway.pipeline import Corridor
from gateway.planning import Planner
from gateway.reading import Named, Reader
from gateway.schema import Face
from gateway.settings import Settings
from gateway.shaping import Shaper
from policies.bundles import PolicySet
from policies.masks import Pseudonyms
from policies.model import Catalogue

EXPLORER = Path(__file__).parent / "explorer"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """A home that was read and agrees with itself."""

    policies: PolicySet
    registry: Registry
    clients: Clients
    documents: tuple[str, ...]  # texts that are read before anybody asks them
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """What connectors may reach of the gateway: the clock, and settings and secrets by reference."""

    settings: Settings

    def resolve(self, reference: str) -> str:
        """`env:NAME` or `secret:path` (a file under HOME/secrets). Raises ValueError naming the reference only."""
        kind, _, name = reference.partition(":")
        if kind == "env" and name in self.settings.environment:
            return self.settings.environment[name]
        folder = (self.settings.home / "secrets").resolve()
        path = (folder / name).resolve()
        if kind == "secret" and path.is_relative_to(folder) and path.is_file():
            return path.read_text("utf-8").strip()
        raise ValueError(f"`{reference}` is not set")

    def now(self) -> datetime:
        return datetime.now(UTC)


def read(settings: Settings) -> Configuration:
    """Raises HomeError or DocumentError with every finding of the files that could be read."""
    home = settings.home
    if not home.is_dir():
        raise checking.HomeError(f"{home} is missing; `credit-gateway init --home {home}` makes a home")
    policies = checking.read_policies(home / "policies")
    findings: list[str] = []
    registry, clients = None, None
    try:
        registry = checking.read_platforms(home / "platforms", policies.catalogue, settings.workers)
        findings += checking.findings(policies, registry)
    except ValueError as error:
        findings += checking.findings_of(error)
    try:
        clients = load_clients(load(home / "clients.yaml", home), policies.catalogue)
    except ValueError as error:
        findings += checking.findings_of(error)
    documents, wrong = trusted(home / "documents", policies.catalogue)
    findings += wrong
    if findings or registry is None or clients is None:
        raise DocumentError(findings)
    return Configuration(policies, registry, clients, documents, tuple(checking.warnings(policies, registry)))


def trusted(folder: Path, catalogue: Catalogue) -> tuple[tuple[str, ...], list[str]]:
    """The documents of a home, `documents/*.graphql`: their texts, and what is wrong with them as `file:line`."""
    texts: list[str] = []
    findings: list[str] = []
    reader: Reader | None = None
    for path in sorted(folder.glob("*.graphql")):
        name = f"documents/{path.name}"
        reader = reader or Reader(Face(catalogue))
        try:
            texts.append(path.read_text("utf-8"))
            reader.trust(texts[-1])
        except (OSError, UnicodeDecodeError):
            findings.append(f"{name}:1: cannot be read as UTF-8 text")
        except GatewayError as refused:
            for error in refused.errors if isinstance(refused, Refusal) else (refused,):
                line = (error.locations or [{"line": 1}])[0]["line"]
                findings.append(f"{name}:{line}: {error.words()}")
    return tuple(texts), findings


class Application:
    """The ASGI application of a home that was read. `now` is the clock that policies are decided by; `worker` is the
    number of the process among those that answer for this home, and of its audit log."""

    def __init__(
        self,
        settings: Settings,
        configuration: Configuration,
        now: Callable[[], datetime] | None = None,
        worker: int = 0,
    ) -> None:
        self.settings = settings
        self.configuration = configuration
        self._now = now or (lambda: datetime.now(UTC))
        self._worker = worker
        self.endpoint: Endpoint | None = None
        self._routes: ASGIApp = Starlette(
            routes=[
                Route("/", _explorer),
                Route("/explorer/examples.json", self._examples),
                Mount("/explorer", StaticFiles(directory=EXPLORER, html=True)),
                Route("/health", _health),
                Route("/ready", self._ready),
                Route("/.well-known/oauth-protected-resource/graphql", self._resource),
            ],
            middleware=[Middleware(SecurityHeaders)],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/graphql" and self.endpoint is not None:
            await self.endpoint(scope, receive, send)
        else:
            await self._routes(scope, receive, send)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Everything that must be open while requests are answered. Raises what the audit log or a platform's
        settings refuse."""
        settings, known = self.settings, self.configuration
        async with AsyncExitStack() as stack:
            audit = AuditLog.open(settings.home, log=self._worker)
            stack.push_async_callback(audit.close)
            try:
                await known.registry.open(Environment(settings))
            except ValueError as error:  # a reference that is not set, an address that cannot be one
                raise checking.HomeError(f"{error}; set it in {settings.home}/gateway.env or the environment") from None
            stack.push_async_callback(known.registry.close)
            try:
                corridor = wire(settings, known, audit, self._now)
            except SecretError as error:
                raise checking.HomeError(f"{error}; set it in {settings.home}/secrets or the environment") from None
            stack.push_async_callback(corridor.authenticator.close)
            self.endpoint = Endpoint(
                corridor,
                max_body=settings.max_body,
                body_timeout=settings.body_timeout,
                max_inflight=settings.max_inflight,
                get=settings.get == "on",
            )
            try:
                yield
            finally:
                self.endpoint = None

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """For a server that starts the application itself (ASGI lifespan)."""
        await receive()
        async with self.opened():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _ready(self, _: Request) -> Response:
        ready = self.endpoint is not None
        body = {"ready": ready, "policy": self.configuration.policies.digest}
        return JSONResponse(body, status_code=200 if ready else 503)

    async def _resource(self, _: Request) -> Response:
        """RFC 9728: where a partner's client finds who issues tokens for this gateway."""
        known = self.configuration
        return JSONResponse(
            {
                "resource": self.settings.audience,
                "authorization_servers": sorted(known.clients.issuers),
                "scopes_supported": sorted(known.policies.catalogue.scopes),
                "bearer_methods_supported": ["header"],
                "authorization_details_types_supported": ["credit-query"],
            }
        )

    async def _examples(self, _: Request) -> Response:
        examples = self.settings.home / "examples.json"
        return FileResponse(examples) if examples.is_file() else JSONResponse([])


def pseudonyms_of(secret: bytes, kid: str) -> Pseudonyms:
    """Pseudonyms under the key of this id, derived from a home's secret: no value of one id joins one of another. The
    first id is derived as it was before keys had ids."""
    return Pseudonyms(keyfiles.derived(secret, "pseudonyms" if kid == "k1" else f"pseudonyms {kid}"), kid)


def wire(settings: Settings, known: Configuration, audit: AuditLog, now: Callable[[], datetime]) -> Corridor:
    """Every room, once."""
    catalogue = known.policies.catalogue
    secret = keyfiles.secret(settings.home, "gateway.key")
    plain = settings.walk == "plain"
    face = Face(catalogue, compiled=not plain)
    cursors = Cursors(keyfiles.derived(secret, "cursors"))
    pseudonyms = pseudonyms_of(secret, settings.pseudonym_key)
    fetcher = Fetcher(known.registry)
    named = Named(known.documents, only=settings.documents == "trusted")
    reader = Reader(face, plain=plain, named=named)
    for text in known.documents:
        reader.trust(text)
    return Corridor(
        authenticator=Authenticator(
            known.clients, catalogue, settings.audience,
            introspector=Introspector(known.clients.issuers, Environment(settings).resolve),
            most_consents=settings.max_subjects, consents_within=settings.deadline / 2,
        ),
        reader=reader,
        planner=Planner(
            face, catalogue, cursors, max_subjects=settings.max_subjects, max_first=settings.max_first
        ),
        decider=Decider(known.policies, known.registry, settings.province, plain),
        fetcher=fetcher,
        shaper=Shaper(
            face, known.policies, known.registry, cursors, pseudonyms,
            keyfiles.derived(secret, "record ids"), fetcher.is_open, fetcher.as_of,
        ),
        audit=audit,
        deadline=settings.deadline,
        now=now,
    )  # fmt: skip


class SecurityHeaders:
    """Adds the page's security headers to every answer of the Starlette routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await self._app(scope, receive, sending)


async def _explorer(_: Request) -> Response:
    return FileResponse(EXPLORER / "index.html")


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")
