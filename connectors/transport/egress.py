"""Whither the gateway goes: the hosts that its operator admits, and addresses that may be a platform's.

A name is resolved once for each connection, and the connection goes to an address that was looked at: what a name
leads to a moment later (DNS rebinding) is of no account. Never reached are addresses that lead back to this machine
or to the cloud it stands in (loopback, link-local, metadata services); those of closed networks only where the
platform's declaration says that it is in one. A base on loopback, for trying things out, leads to loopback alone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass

from connectors.contract import Unavailable

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
# where clouds tell a machine its own credentials, outside of the link-local range
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")))
# what systems hand on to an address of version 4 that this one holds, or once were networks of a site
_NEVER = tuple(map(ipaddress.ip_network, ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fec0::/10")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CLOSED = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)


@dataclass(frozen=True, slots=True)
class Egress:
    """The operator's list: names, `*.` before a name for all below it, addresses and networks; empty: no bound."""

    names: frozenset[str] = frozenset()
    below: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, listed: str) -> Egress:
        """From a text with commas. Raises ValueError for what is neither name, address nor network."""
        names, below, networks = set(), [], []
        for item in (part.strip().lower() for part in listed.split(",") if part.strip()):
            try:
                networks.append(ipaddress.ip_network(item))
            except ValueError:
                if not _NAME.fullmatch(item):
                    raise ValueError("names, addresses or networks are expected, with commas between them") from None
                if item.startswith("*."):
                    below.append(item[1:])
                else:
                    names.add(item)
        return cls(frozenset(names), tuple(below), tuple(networks))

    def names_host(self, host: str) -> bool:
        """Whether the list, or its absence, admits a host by its name."""
        host = host.lower().rstrip(".")
        bounded = self.names or self.below or self.networks
        return not bounded or host in self.names or host.endswith(self.below)

    def admits(self, host: str) -> bool:
        """Whether a host may be connected to as it is written: by its name, or by its address."""
        literal = _literal(host)
        return self.names_host(host) or (literal is not None and self.holds(_inner(literal)))

    def holds(self, address: IP) -> bool:
        """Whether a network of the list holds the address."""
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Way:
    """The way to one host. `private` is the declaration's word that its addresses are those of a closed network."""

    host: str
    port: int
    egress: Egress = Egress()
    private: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError, with what to do, where the way is known to be closed before anything is resolved."""
        literal = _literal(self.host)
        if literal is None:
            if not self.egress.names_host(self.host) and not self.egress.networks:
                raise ValueError("its host is not on the list of CREDIT_GATEWAY_EGRESS")
        elif not self._admitted(literal):
            if not (self.egress.names_host(self.host) or self.egress.holds(literal)):
                raise ValueError("its address is not on the list of CREDIT_GATEWAY_EGRESS")
            raise ValueError("its address is one of a closed network: declare `private: true`, or no platform's at all")

    async def addresses(self) -> list[str]:
        """Where to connect, resolved now. Raises Unavailable, and OSError of the resolver."""
        if _literal(self.host) is not None:
            return [self.host]
        found = await asyncio.get_running_loop().getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        each = list(dict.fromkeys(str(place[0]) for _, _, _, _, place in found))
        admitted = [address for address in each if self._admitted(ipaddress.ip_address(address))]
        if each and not admitted:
            raise Unavailable("the platform's name leads to addresses that may not be reached (see `private`)")
        return admitted

    def _admitted(self, address: IP) -> bool:
        inner = _inner(address)
        if not (self.egress.names_host(self.host) or self.egress.holds(inner)):
            return False
        if is_loopback(self.host):
            return inner.is_loopback
        if any(inner in network for network in _NEVER):
            return False
        if inner in _METADATA or inner.is_loopback or inner.is_link_local or inner.is_multicast or inner.is_unspecified:
            return False
        if any(inner in network for network in _CLOSED):
            return self.private
        return inner.is_global


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    literal = _literal(host)
    return host == "localhost" if literal is None else literal.is_loopback


def _literal(host: str) -> IP | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _inner(address: IP) -> IP:
    """The address of version 4 that one of version 6 leads to, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
