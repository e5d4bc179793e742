"""The only reader of the environment: one frozen Settings, every key of which stands in README's table.

Values come from the process's environment first, then from `HOME/gateway.env` (lines of `KEY=VALUE`),
then from the defaults here. A platform's own knobs live in its YAML file, not here.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from connectors.transport.egress import Egress

PREFIX = "CREDIT_GATEWAY_"
MAX_WORKERS = 64
AT_LEAST, AN_HOUR, MANY = 0.001, 3600, 2**31 - 1  # seconds, seconds, and what is as good as no bound
PROVINCE = re.compile(r"[1-9][0-9]\Z")
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z")
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")
DEFAULT_HOME = ".credit-gateway"


class SettingsError(ValueError):
    """A setting cannot be read; the message names the key and what is expected."""


def _key(default: Any, words: str, *choices: str, within: tuple[float, float] | None = None) -> Any:
    return field(default=default, metadata={"words": words, "choices": choices, "within": within})


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds, bytes and counts. The environment key of `deadline` is `CREDIT_GATEWAY_DEADLINE`."""

    home: Path = _key(Path(DEFAULT_HOME), "the folder that holds policies, platforms, clients, keys and the audit log")
    host: str = _key("127.0.0.1", "the address to listen on")
    port: int = _key(8000, "the port to listen on; 0 takes a free one", within=(0, 65_535))
    workers: int = _key(1, "processes that answer on that port, 1 to 64: one a core", within=(1, MAX_WORKERS))
    resource: str = _key("", "the audience that access tokens must name; empty: `http://HOST:PORT/graphql`")
    province: str = _key("37", "the two-digit code of the province that this gateway serves")
    deadline: float = _key(
        3.0, "seconds until the platforms' answers are cut and a partial answer leaves", within=(AT_LEAST, AN_HOUR)
    )
    max_body: int = _key(262_144, "bytes of a request's body", within=(1, MANY))
    body_timeout: float = _key(
        10.0, "seconds in which a request's head, and then its body, must arrive", within=(AT_LEAST, AN_HOUR)
    )
    max_subjects: int = _key(200, "subjects in one question", within=(1, MANY))
    max_first: int = _key(200, "records on one page", within=(1, MANY))
    persons_per_operator: int = _key(
        200,
        "persons that one named operator may ask about in a day where its client has agreed nothing",
        within=(0, MANY),
    )
    max_inflight: int = _key(256, "requests worked on at once; more are answered 503 OVERLOADED", within=(0, MANY))
    get: str = _key(
        "off", "`on` answers questions in the URL of a GET too, except to pages of other sites", "on", "off"
    )
    documents: str = _key("any", "`trusted` answers only the documents of `HOME/documents`", "any", "trusted")
    walk: str = _key("compiled", "`plain` parses, decides and reads out each request anew, to compare; same answers",
                     "compiled", "plain")  # fmt: skip
    profile: str = _key(
        "plain", "`fapi` takes only tokens that are bound to a key or a certificate (FAPI 2.0)", "plain", "fapi"
    )
    certificate_header: str = _key("", "the header in which a proxy hands on the client's certificate; empty: none")
    trusted_proxies: str = _key("", "addresses or networks of the proxies that may, such as `10.0.0.5, 10.1.0.0/24`")
    dpop_nonce: str = _key(
        "off", "`on` wants a nonce of this gateway in every DPoP proof: none can be made in advance", "on", "off"
    )
    egress: str = _key(
        "",
        "where platforms may lie: names (`*.` for all below), addresses, networks; empty: as they declare",
    )
    pseudonym_key: str = _key("k1", "the id of the key that pseudonyms are made with; a new id begins a new key")
    store: str = _key(
        "", "the database of platforms, as an SQLAlchemy URL or a reference; empty: SQLite in `HOME/state`"
    )
    kinds: str = _key("", "kinds of sources from other packages that declarations may name, such as `ldap, mqtt`")
    log_level: str = _key("info", "debug, info, warning or error")
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # what `env:NAME` refers to

    @property
    def fapi(self) -> bool:
        return self.profile == "fapi"

    @property
    def audience(self) -> str:
        return self.resource or f"http://{self.host}:{self.port}/graphql"


def load(home: Path | None = None, **overrides: Any) -> Settings:
    """Environment over `HOME/gateway.env` over defaults; `overrides` (the command line) over all.

    Raises SettingsError.
    """
    place = Path(home or os.environ.get(PREFIX + "HOME") or DEFAULT_HOME)
    environment = {**read_file(place / "gateway.env"), **os.environ}
    values: dict[str, Any] = {"home": place, "environment": environment}
    for item in fields(Settings):
        if item.name in values:
            continue
        raw = environment.get(PREFIX + item.name.upper())
        if raw is None:
            continue
        kind: Any = type(item.default)
        try:
            values[item.name] = kind(raw)
        except ValueError:
            raise SettingsError(f"{PREFIX}{item.name.upper()}: a value of type {kind.__name__} is expected") from None
    values |= {name: value for name, value in overrides.items() if value is not None}
    settings = Settings(**values)
    for item in fields(Settings):
        choices = item.metadata.get("choices")
        if choices and getattr(settings, item.name) not in choices:
            raise SettingsError(f"{PREFIX}{item.name.upper()}: one of {', '.join(choices)} is expected")
        within = item.metadata.get("within")
        if within and not within[0] <= getattr(settings, item.name) <= within[1]:  # so is what is no number (`nan`)
            least, most = within
            raise SettingsError(f"{PREFIX}{item.name.upper()}: a number from {least} to {most} is expected")
    if settings.log_level.upper() not in logging.getLevelNamesMapping():
        raise SettingsError(f"{PREFIX}LOG_LEVEL: one of debug, info, warning, error is expected")
    if not PROVINCE.match(settings.province):
        raise SettingsError(f"{PREFIX}PROVINCE: the two digits of a province are expected, such as 37")
    if not KEY_ID.match(settings.pseudonym_key):
        raise SettingsError(f"{PREFIX}PSEUDONYM_KEY: up to 32 letters, digits, `_` and `-` are expected, such as k2")
    _check_proxies(settings)
    try:
        Egress.of(settings.egress)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}EGRESS: {error}, such as `*.sd.example, 10.20.0.0/16`") from None
    return settings


def networks(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks, separated by commas. Raises ValueError."""
    return tuple(ip_network(item.strip()) for item in listed.split(",") if item.strip())


def _check_proxies(settings: Settings) -> None:
    try:
        proxies = networks(settings.trusted_proxies)
    except ValueError:
        key = f"{PREFIX}TRUSTED_PROXIES"
        raise SettingsError(f"{key}: addresses or networks are expected, such as 10.0.0.5, 10.1.0.0/24") from None
    header = settings.certificate_header
    if header and (not HEADER.match(header) or header.lower() in ("authorization", "dpop", "host")):
        raise SettingsError(f"{PREFIX}CERTIFICATE_HEADER: the name of a header of its own is expected, as Client-Cert")
    if header and not proxies:
        raise SettingsError(f"{PREFIX}TRUSTED_PROXIES: name the proxies that hand on `{header}`; no other is trusted")


def read_file(path: Path) -> dict[str, str]:
    """`KEY=VALUE` lines; `#` begins a comment line. A missing file is empty. Raises SettingsError with the line."""
    if not path.exists():
        return {}
    values: dict[str, str] = {}
    try:
        lines = path.read_text("utf-8-sig").splitlines()  # a mark of UTF-8 must not become a part of the first key
    except UnicodeDecodeError:
        raise SettingsError(f"{path.name}: text in UTF-8 is expected") from None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, sign, value = text.partition("=")
        if not sign:
            raise SettingsError(f"{path.name}:{number}: `KEY=VALUE` is expected")
        values[name.strip()] = value.strip()
    return values
