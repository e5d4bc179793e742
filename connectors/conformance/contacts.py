"""Whom the connectors of one exam connect to, as the interpreter itself sees it (PEP 578), and whom they may.

Only connections that the exam's own tasks open are counted: what else this process does is nobody's concern. An
interpreter's hook cannot be taken away again; without an exam it does nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from connectors.spelling import is_reference

Address = tuple[str, int]
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mariadb": 3306}
_seen: ContextVar[set[Address] | None] = ContextVar("contacts", default=None)
_hooked: list[bool] = []


def watch() -> set[Address]:
    """From now on, what this task and those that it starts connect to."""
    found: set[Address] = set()
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)
    _seen.set(found)
    return found


def _hook(event: str, details: tuple[Any, ...]) -> None:
    seen = _seen.get() if event == "socket.connect" else None
    if seen is not None and isinstance(details[1], tuple):
        seen.add((str(details[1][0]), int(details[1][1])))


def references(words: Any) -> Iterator[str]:
    """Every reference of a source's words."""
    if isinstance(words, dict | list | tuple):
        for each in words.values() if isinstance(words, dict) else words:
            yield from references(each)
    elif is_reference(words):
        yield words


async def addresses(urls: Iterable[str]) -> tuple[set[Address], bool]:
    """Where these URLs lead, and whether all of them say so themselves, without a name that may change its meaning."""
    found: set[Address] = set()
    literal = True
    for url in urls:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme.partition("+")[0])
        except ValueError:
            continue
        if host is None or port is None:
            continue
        try:
            ipaddress.ip_address(host)
        except ValueError:
            literal = literal and host == "localhost"
        try:
            lines = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            continue
        found |= {(str(line[4][0]), port) for line in lines}
    return found, literal
