"""The demo province alive: every platform, the issuer and the consent service as processes of this machine.

`start` returns when all of them can be asked, and says what one needs to ask them; leaving the `with` block,
or the end of this process however it comes, takes them all away. Nothing listens beyond loopback, every secret
is made anew at each start, and all data is generated, so that nothing here is worth protecting after it stopped.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from joserfc.jwk import ECKey

from deploy.demo import consenting, examples
from deploy.demo.callers import PUBLIC, SUBJECT, Caller, callers
from deploy.demo.generator import JINAN, QINGDAO, SHANDONG, WEIFANG, WEIHAI, YANTAI, World, generate
from deploy.demo.neighbour import CLIENT, Neighbour
from deploy.demo.processes import START_WITHIN, Child, Source

DECLARATIONS = Path(__file__).resolve().parent / "platforms"  # a YAML file for each platform, and what it names
ISSUER = "issuer"
CONSENTS = "consents"
RESOURCE = "urn:credit-gateway:demo"
_DATABASE = "deploy.demo.servers.database"
_POSTGRES = "deploy.demo.servers.postgres"
_FOLDER = "deploy.demo.servers.folder"


class Province:
    """A running province. Made by `start`; `stop`, or the end of its `with` block, ends it."""

    def __init__(self, home: Path, world: World, resource: str, postgres: bool = False, shanghai: bool = False) -> None:
        self.world = world
        self.resource = resource
        self.callers: Mapping[str, Caller] = {caller.id: caller for caller in callers()}
        self._secrets = {
            "JINAN_TOKEN": secrets.token_urlsafe(),
            "YANTAI_API_KEY": secrets.token_urlsafe(),
            "WEIHAI_USER": "370000",
            "WEIHAI_PASSWORD": secrets.token_urlsafe(),
            "SHANDONG_COURT_USER": "gateway",
            "SHANDONG_COURT_PASSWORD": secrets.token_urlsafe(),
        }
        self._home = home.resolve()
        self.neighbour: Neighbour | None = None
        if shanghai:
            purposes = [purpose for caller in self.callers.values() for purpose in caller.purposes]
            classes = [caller.client_class for caller in self.callers.values()]
            self.neighbour = Neighbour(self._home / "shanghai", resource, world, purposes, classes)
        self._private: Path | None = None  # a real database's own folder
        if postgres:
            self._private = Path(tempfile.mkdtemp(prefix="credit-gateway-"))  # a socket's path must be short
            self._private.chmod(0o711)  # PostgreSQL may have to run as another user; what it holds is closed
        self.platforms: tuple[Source, ...] = tuple(self._sources())
        self._issuer = Child(ISSUER, "deploy.demo.issuer", self._home / ISSUER, self._issuer_settings())
        self._consents = Child(CONSENTS, "deploy.demo.consents", self._home / CONSENTS, self._consents_settings())
        self.consents: Mapping[str, Mapping[str, Any]] = {}  # those that lie ready, by name

    # -- addresses and names

    @property
    def issuer(self) -> str:
        return self._issuer.url

    @property
    def token_endpoint(self) -> str:
        return f"{self.issuer}/token"

    @property
    def jwks_uri(self) -> str:
        return f"{self.issuer}/jwks.json"

    @property
    def consent_service(self) -> str:
        return self._consents.url

    @property
    def pids(self) -> tuple[int, ...]:
        """Every process of the province, the issuer's last."""
        return tuple(child.pid for child in self._children())

    @property
    def subjects(self) -> dict[str, dict[str, Any]]:
        """The named examples: key, kind, name and what is promised of them."""
        return {
            example: {
                "kind": subject.kind,
                subject.key_kind: subject.key,
                "name": subject.name,
                "promise": dict(examples.PROMISES[example]),
            }
            for example, subject in self.world.examples.items()
        }

    @property
    def environment(self) -> dict[str, str]:
        """The values behind every `env:` reference of the declarations."""
        found = {source.variable: source.url for source in self.platforms} | self._secrets
        return found if self.neighbour is None else found | self.neighbour.environment(self.token_endpoint)

    def join(self, source: Source) -> None:
        """One more platform, whose process was started by somebody else and ends with this province."""
        self.platforms = (*self.platforms, source)

    def clients_document(self) -> dict[str, Any]:
        """The content of the gateway's clients.yaml: the issuers, and what each client may ask for."""
        return {
            "issuers": [{"issuer": self.issuer, "jwks": self.jwks_uri, "algorithms": ["ES256"], "maxLifetime": "10m"}],
            "consentIssuers": [
                {
                    "issuer": self.consent_service,
                    "jwks": f"{self.consent_service}/jwks.json",
                    "statusLists": f"{self.consent_service}/status/",
                    "algorithms": ["ES256"],
                }
            ],
            "clients": {
                caller.id: {
                    "issuer": self.issuer,
                    "clientId": caller.id,
                    "class": caller.client_class,
                    "region": caller.region,
                    "title": dict(caller.title),
                    "scopes": list(caller.scopes),
                    "purposes": list(caller.purposes),
                    "subjectClaim": caller.id == SUBJECT,  # only this one's token says whose record is its own
                }
                for caller in self.callers.values()
                if caller.id != PUBLIC
            },
        }

    def describe(self) -> dict[str, Any]:
        """What demo.json says, less the gateway's own address."""
        return {
            "issuer": self.issuer,
            "token_endpoint": self.token_endpoint,
            "jwks_uri": self.jwks_uri,
            "resource": self.resource,
            "today": self.world.today.isoformat(),
            "platforms": [source.describe() for source in self.platforms],
            "callers": {caller.id: caller.describe() for caller in self.callers.values()},
            "subjects": self.subjects,
            "consent_service": self.consent_service,
            "consents": {name: dict(consent) for name, consent in self.consents.items()},
        }

    # -- life

    def kill(self, platform: str, source: str | None = None) -> None:
        """kill -9 for every source of a platform, or for one; `issuer` and `consents` are names too."""
        for child in self._named(platform, source):
            child.kill()

    def restart(self, platform: str, source: str | None = None) -> None:
        """Start what was killed again, at the same address; what lives is killed first."""
        deadline = time.monotonic() + START_WITHIN
        children = list(self._named(platform, source))
        for child in children:
            address = child.url
            child.kill()
            child.start(**({"port": int(address.rpartition(":")[2])} if address.startswith("http") else {}))
        for child in children:
            child.wait(deadline)

    def stop(self) -> None:
        """End every process; all are let go first, so that they end side by side."""
        for child in self._children():
            child.let_go()
        for child in self._children():
            child.stop()
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def begin(self) -> None:
        """Start every process and wait for all; stops what runs when one does not come up."""
        deadline = time.monotonic() + START_WITHIN
        try:
            for child in self._children():
                child.start()
            for child in self._children():
                child.wait(deadline)
            self.consents = consenting.give(self.consent_service)
        except BaseException:
            self.stop()
            raise

    # -- inside

    def _children(self) -> Iterator[Child]:
        yield from (source.child for source in self.platforms)
        yield self._consents
        yield self._issuer

    def _named(self, platform: str, source: str | None) -> Iterator[Child]:
        found = [item.child for item in self.platforms if item.platform == platform and source in {None, item.source}]
        found += [child for child in (self._issuer, self._consents) if child.name == platform]
        if not found:
            raise KeyError(f"no such platform or source: {platform} {source or ''}".strip())
        yield from found

    def _sources(self) -> Iterator[Source]:
        court = {"user": self._secrets["SHANDONG_COURT_USER"], "password": self._secrets["SHANDONG_COURT_PASSWORD"]}
        yantai = {"apiKey": self._secrets["YANTAI_API_KEY"]}
        weihai = {"user": self._secrets["WEIHAI_USER"], "password": self._secrets["WEIHAI_PASSWORD"]}
        weihai["wsdl"] = str(DECLARATIONS / f"{WEIHAI}.wsdl")
        jinan = {"token": self._secrets["JINAN_TOKEN"]}
        yield self._source(JINAN, "register", "graphql", "JINAN_GRAPHQL", "deploy.demo.servers.jinan", **jinan)
        if self._private is None:
            yield self._source(QINGDAO, "database", "sql", "QINGDAO_DATABASE_URL", _DATABASE)
        else:
            words = {"data": str(self._private), "password": secrets.token_urlsafe(), "reader": secrets.token_urlsafe()}
            yield self._source(QINGDAO, "database", "sql", "QINGDAO_DATABASE_URL", _POSTGRES, **words)
        yield self._source(YANTAI, "api", "rest", "YANTAI_BASE", "deploy.demo.servers.yantai", **yantai)
        yield self._source(WEIFANG, "folder", "file", "WEIFANG_FOLDER", _FOLDER)
        yield self._source(WEIHAI, "exchange", "soap", "WEIHAI_ENDPOINT", "deploy.demo.servers.weihai", **weihai)
        yield self._source(SHANDONG, "court", "rest", "SHANDONG_COURT_BASE", "deploy.demo.servers.court", **court)
        yield self._source(SHANDONG, "registry", "sql", "SHANDONG_REGISTRY_URL", _DATABASE)
        yield self._source(SHANDONG, "centre", "sql", "SHANDONG_CENTRE_URL", _DATABASE)

    def _source(self, platform: str, source: str, kind: str, variable: str, module: str, **more: Any) -> Source:
        name = f"{platform}-{source}"
        folder = self._home / name
        folder.mkdir(parents=True, exist_ok=True)
        rows = folder / "rows.json"
        rows.write_bytes(orjson.dumps(self.world.contents(platform, source)))
        settings = {
            "rows": str(rows),
            "folder": str(folder),
            "port": 0,
            "link": str(self._home / f"{name}.alive"),
            **more,
        }
        return Source(platform, source, kind, platform[:6], variable, Child(name, module, folder, settings))

    def _issuer_settings(self) -> dict[str, Any]:
        clients = {
            caller.id: {
                "secret": caller.secret,
                "scopes": caller.scopes,
                "purposes": caller.purposes,
                "evidence": dict(caller.evidence),
                "self": "debtor_person" if caller.id == SUBJECT else None,
            }
            for caller in self.callers.values()
            if caller.secret
        }
        if self.neighbour is not None:
            clients[CLIENT] = self.neighbour.client
        known = self._known()
        return {"host": "127.0.0.1", "port": 0, "resource": self.resource, "clients": clients, "subjects": known}

    def _consents_settings(self) -> dict[str, Any]:
        """The key is made here and not there: what was signed before a restart is genuine after it."""
        folder = self._home / CONSENTS
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        settings = {"port": 0, "folder": str(folder), "key": key.as_dict(private=True), "subjects": self._known()}
        (folder / "consents.json").unlink(missing_ok=True)  # another start, other consents
        return settings

    def _known(self) -> dict[str, dict[str, str]]:
        return {example: {subject.key_kind: subject.key} for example, subject in self.world.examples.items()}


def start(
    home: Path,
    seed: int = 1,
    subjects: int = 2000,
    today: date | None = None,
    resource: str | None = None,
    postgres: bool = False,
    shanghai: bool = False,
) -> Province:
    """A province with `subjects` subjects, running; its files lie below `home`. `resource` is the tokens'
    audience, the gateway's address as its callers know it; with `postgres` Qingdao's database is a real PostgreSQL;
    with `shanghai` all is known that a gateway of Shanghai needs to join. Raises NotReady."""
    province = Province(home, generate(seed, subjects, today), resource or RESOURCE, postgres, shanghai)
    province.begin()
    return province
