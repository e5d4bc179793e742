"""Composition only: Settings -> rooms, wired once -> one ASGI application with its routes and lifespan.

`/graphql` is a bare ASGI application in front of the Starlette routes. Start order: read and check the home,
open the audit log, open the platforms; a home that does not agree with itself is refused before a port is
taken. On the way out the platforms close first, the audit log last.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from gateway.auditing import AuditLog
from gateway.authenticating.challenges import metadata, metadata_path
from gateway.authenticating.jwks import Jwks
from gateway.checking import HomeError
from gateway.endpoint import Endpoint
from gateway.pipeline import Corridor
from gateway.reloading import Reloading
from gateway.settings import Settings
from gateway.wiring import Configuration, as_obeyed, drafts_of, opened, pseudonyms_of, rationed, read

__all__ = ["Application", "Configuration", "pseudonyms_of", "read"]

EXPLORER = Path(__file__).parent / "explorer"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


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
        self._reloading: Reloading | None = None
        self._routes: ASGIApp = Starlette(
            routes=[
                Route("/", _explorer),
                Route("/explorer/examples.json", self._examples),
                Mount("/explorer", StaticFiles(directory=EXPLORER, html=True)),
                Route("/health", _health),
                Route("/ready", self._ready),
                Route("/metrics", self._metrics),
                Route("/policy/changes.json", self._changes),
                Route(metadata_path(settings.audience), self._resource),
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
            jwks = Jwks()
            stack.push_async_callback(jwks.close)
            rations = rationed(settings)
            try:
                corridor = await opened(settings, known, audit, self._now, jwks, rations)
            except HomeError as error:
                before = await asyncio.to_thread(as_obeyed, settings, known.governed, known.enrolled, error)
                if before is None:
                    raise
                known = before  # the steps that are new are tried below, told, and closed where they close
                corridor = await opened(settings, known, audit, self._now, jwks, rations)
            reloading = Reloading(settings, known, corridor, audit, jwks, self._now, self._worker)
            stack.push_async_callback(reloading.close)
            await reloading.look()  # a worker that is started again may come later than a pointer
            await reloading.enrol()
            await reloading.clients.catch_up()
            self._reloading = reloading
            self.endpoint = Endpoint(
                reloading.corridor,
                max_body=settings.max_body,
                body_timeout=settings.body_timeout,
                max_inflight=settings.max_inflight,
                get=settings.get == "on",
            )
            reloading.tell()
            counting = reloading.corridor.fetcher.tallies.run(reloading.store)
            runs = (reloading.follow(self._swap), reloading.clients.run(), counting)
            following = [asyncio.create_task(each) for each in runs]
            try:
                yield
            finally:
                for task in following:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
                self.endpoint = None

    def _swap(self, corridor: Corridor) -> None:
        if self.endpoint is not None:
            self.endpoint.corridor = corridor

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """For a server that starts the application itself (ASGI lifespan)."""
        await receive()
        async with self.opened():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _ready(self, _: Request) -> Response:
        """Whether questions are answered, under which policies since when, and what is not obeyed and why."""
        ready, governed = self.endpoint is not None, self._known.governed
        standing, waiting, declined = governed.standing, governed.course.waiting, governed.declined
        body = {
            "ready": ready,
            "policy": governed.policies.digest,
            "seq": governed.course.seq,
            "since": standing.since.isoformat() if standing.since else None,
            "waiting": {"seq": waiting.seq, "policy": waiting.digest, "from": str(waiting.since)} if waiting else None,
            "refused": {"seq": declined.seq, "reason": declined.reason} if declined else None,
            "clients": "the changed file is not obeyed"
            if self._reloading and self._reloading.clients.problem
            else None,
            "platforms": await self._platforms(),
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    async def _platforms(self) -> dict[str, Any]:
        """Up to which step platforms are obeyed, what is not obeyed and why, and files that are not what answers."""
        enrolled = self._known.enrolled
        found = await asyncio.to_thread(drafts_of, self.settings, enrolled)
        declined = enrolled.declined
        return {
            "step": enrolled.course.seq,
            "refused": {"seq": declined.seq, "reason": declined.reason} if declined else None,
            "edited": list(found.edited),
            "notLive": len(found.unasked),
        }

    async def _metrics(self, _: Request) -> Response:
        failures = self._reloading.failures if self._reloading else {}
        outcomes = self.endpoint.outcomes if self.endpoint else {}
        known = self._known
        drafts = await asyncio.to_thread(drafts_of, self.settings, known.enrolled)
        shadows = self._reloading.corridor.fetcher.tallies.questions if self._reloading else {}
        enrolled = metrics.Enrolments(known.enrolled, known.registry, len(drafts.edited), len(drafts.unasked), shadows)
        body = metrics.text(self._worker, known.governed, failures, outcomes, enrolled)
        return Response(body, media_type=metrics.MEDIA_TYPE)

    async def _changes(self, _: Request) -> Response:
        """What changed when, for partners: the notes of all changes, the last first. Who signed is not told here."""
        course = self._known.governed.course
        changes = [
            {
                "seq": change.seq,
                "from": change.since.isoformat(),
                "change": change.verb,
                "policy": change.digest,
                "note": change.note.plain,
                "withdrawnBy": course.withdrawn(change),
            }
            for change in reversed(course.changes)
        ]
        return JSONResponse(changes)

    @property
    def _known(self) -> Configuration:
        """What is answered by now: with what was obeyed last, and what was not."""
        if self._reloading is None:
            return self.configuration
        return replace(self._reloading.known, governed=self._reloading.governed, enrolled=self._reloading.enrolled)

    async def _resource(self, _: Request) -> Response:
        """RFC 9728: where a partner's client finds who issues tokens for this gateway."""
        settings, known = self.settings, self._known
        told = metadata(
            settings.audience,
            known.clients,
            known.policies.catalogue.scopes,
            certificates=bool(settings.certificate_header),
            always_bound=settings.fapi,
        )
        return JSONResponse(told)

    async def _examples(self, _: Request) -> Response:
        examples = self.settings.home / "examples.json"
        return FileResponse(examples) if examples.is_file() else JSONResponse([])


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
