"""Whither the gateway may go: the operator's list, the addresses behind names, and the certificate that it shows."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import AuthFailed, Connector, Deadline, Unavailable
from connectors.transport.egress import Egress, Way
from connectors.transport.pool import Pool
from connectors.transport.port import Question
from gateway.settings import SettingsError, load
from tests.edges.crooked import Authority, Server, always, raw
from tests.edges.described import SOAP_SOURCE, described
from tests.edges.invented import REST_SOURCE, REST_TYPE, Surroundings, ask, connector, registered, rows

ASK = Question("GET", "/", {})
EMPTY = raw(b'{"rows": []}')


class Resolver:
    """What stands in the place of the system's resolver: each question gets the next of the answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in answer
        ]


async def test_a_name_that_leads_elsewhere_a_moment_later_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: a connection goes to the address that was looked at, and a name that suddenly leads to this
    machine is not followed."""
    async with Server(always(raw(b"{}"))) as server:
        resolver = Resolver(["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"])
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        pool = Pool(f"http://localhost:{server.port}", 1)
        assert (await pool.send(ASK, Deadline.within(5), 99)).body == b"{}"
        assert (resolver.asked, server.connections) == (1, 1)
        await pool.close()
        pool = Pool(f"http://localhost:{server.port}", 1)  # now it leads into a closed network
        with pytest.raises(Unavailable, match="may not be reached"):
            await pool.send(ASK, Deadline.within(5), 99)
        await pool.close()
        pool = Pool(f"http://platform.example:{server.port}", 1, plaintext=True, private=True)
        with pytest.raises(Unavailable, match="may not be reached"):
            await pool.send(ASK, Deadline.within(5), 99)
        assert (resolver.asked, server.connections) == (3, 1)
        await pool.close()


NEVER = [
    "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1",
    "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "::7f00:1", "::ffff:0:7f00:1", "fec0::1",
    "255.255.255.255", "192.0.2.1",
]  # fmt: skip
CLOSED = ["10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.1.2.3"]
OPEN = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]


async def led(monkeypatch: pytest.MonkeyPatch, addresses: list[str], **more: Any) -> list[str]:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(addresses))
    return await Way("platform.example", 443, **more).addresses()


@pytest.mark.parametrize("address", [*NEVER, *CLOSED])
async def test_a_name_leads_to_public_addresses_only(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """This machine, the link, metadata services, in whatever dress, and closed networks that nobody declared are not
    reached; another address of the same name is."""
    with pytest.raises(Unavailable):
        await led(monkeypatch, [address])
    assert await led(monkeypatch, [address, *OPEN]) == OPEN


async def test_a_closed_network_is_reached_where_it_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """`private: true` opens the addresses of closed networks and no others."""
    assert await led(monkeypatch, [*NEVER, *CLOSED, *OPEN], private=True) == [*CLOSED, *OPEN]


async def test_the_operators_list_binds_names_and_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host is on the list by its name, by a name above it, or by a network that holds its address."""
    assert await led(monkeypatch, OPEN, egress=Egress.of("*.example, other.invalid")) == OPEN
    assert await led(monkeypatch, OPEN, egress=Egress.of("PLATFORM.example")) == OPEN
    assert await led(monkeypatch, OPEN, egress=Egress.of("93.184.0.0/16")) == OPEN[:1]
    with pytest.raises(Unavailable):
        await led(monkeypatch, OPEN, egress=Egress.of("10.0.0.0/8"))
    for listed in ("example", "*.platform.example", "latform.example"):
        with pytest.raises(ValueError, match="CREDIT_GATEWAY_EGRESS"):
            Way("platform.example", 443, Egress.of(listed))
    for host in ("93.184.216.34", "127.0.0.1", "localhost"):
        with pytest.raises(ValueError, match="CREDIT_GATEWAY_EGRESS"):
            Way(host, 443, Egress.of("*.example"))


@pytest.mark.parametrize("host", ["10.1.2.3", "169.254.169.254", "0.0.0.0", "::ffff:10.1.2.3"])
def test_an_address_in_a_declaration_is_judged_when_it_is_opened(host: str) -> None:
    """A base with the address of a closed network needs the word for it, and one of metadata is never taken."""
    with pytest.raises(ValueError, match="closed network"):
        Way(host, 443)
    if host.endswith("10.1.2.3"):
        Way(host, 443, private=True)
    else:
        with pytest.raises(ValueError, match="closed network"):
            Way(host, 443, private=True)


@pytest.mark.parametrize("listed", ["http://a.example", "a b", "*.*.example", "a.example/x", "10.0.0.1/8", "*"])
def test_a_list_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listed: str) -> None:
    """A setting that would silently admit nothing, or too much, stops the start."""
    monkeypatch.setenv("CREDIT_GATEWAY_EGRESS", listed)
    with pytest.raises(SettingsError, match="CREDIT_GATEWAY_EGRESS"):
        load(tmp_path)


async def test_a_platform_outside_of_the_list_is_not_opened() -> None:
    """The gateway does not start with a platform that its operator's list does not hold, and names it by reference."""
    made = connector(registered(REST_SOURCE, REST_TYPE))
    surroundings = Surroundings({"env:INVENTED_BASE": "https://elsewhere.example"})
    surroundings.egress = "*.sd.example"
    with pytest.raises(ValueError, match="`env:INVENTED_BASE`: its host is not on the list") as caught:
        await made.open(surroundings)
    assert "elsewhere" not in str(caught.value)


# -- certificates of our own


def asking(authority: Authority) -> ssl.SSLContext:
    """A server that wants a certificate of this authority."""
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    return context


def parts(file: Path) -> tuple[str, str]:
    """Certificate and key of a file with both."""
    text = file.read_text("ascii")
    at = text.index("-----BEGIN PRIVATE KEY")
    return text[:at], text[at:]


async def shown(base: str, settings: dict[str, str], soap: bool = False) -> Connector:
    more = "    ca: env:CA\n    mtls: {cert: env:CERT, key: 'secret:key'}\n"
    made = connector(described(SOAP_SOURCE + more) if soap else registered(REST_SOURCE + more, REST_TYPE))
    await made.open(Surroundings({"env:INVENTED_BASE": base, "env:ENDPOINT": base, **settings}))
    return made


@contextmanager
def judging(tls: ssl.SSLContext) -> Iterator[str]:
    """A server that says why it ends a handshake, which asyncio's does not; its URL."""

    def serve(sock: socket.socket) -> None:
        with sock.dup() as below, suppress(OSError):  # whoever has left ends his own connection, not the server
            try:
                with tls.wrap_socket(sock, server_side=True) as secured:
                    secured.recv(9999)
                    secured.sendall(EMPTY)
            except ssl.SSLError:
                below.shutdown(socket.SHUT_WR)
                while below.recv(999):
                    pass

    def accept() -> None:
        with suppress(OSError):
            while True:
                serve(listener.accept()[0])

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"https://localhost:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("older", [True, False], ids=["TLS 1.2", "TLS 1.3"])
async def test_a_platform_sees_our_certificate(tmp_path: Path, older: bool) -> None:
    """Certificate and key are given as files or as what they hold; a stranger's is refused, which is told as such."""
    authority = Authority(tmp_path)
    (tmp_path / "stranger").mkdir()
    mine, strange = authority.certificate("gateway"), Authority(tmp_path / "stranger").certificate("gateway")
    tls = asking(authority)
    if older:
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
    with judging(tls) as base:
        for cert, key in (parts(mine), (str(mine), str(mine))):
            made = await shown(base, {"env:CA": str(authority.file), "env:CERT": cert, "secret:key": key})
            assert await rows(made, ask()) == []
            await made.close()
        made = await shown(base, {"env:CA": str(authority.file), "env:CERT": str(mine), "secret:key": str(mine)}, True)
        with pytest.raises(Unavailable, match="not XML"):  # it got so far as to be answered, in JSON
            await rows(made, ask())
        await made.close()
        cert, key = parts(strange)
        made = await shown(base, {"env:CA": authority.file.read_text(), "env:CERT": cert, "secret:key": key})
        with pytest.raises(AuthFailed, match="does not accept our certificate"):
            await rows(made, ask())
        await made.close()


async def test_a_certificate_is_exchanged_without_a_restart(tmp_path: Path) -> None:
    """When the platform refuses the old certificate, the one that lies in its file by now is shown."""
    authority = Authority(tmp_path)
    file = tmp_path / "mine.pem"
    file.write_bytes(authority.certificate("gateway", timedelta(seconds=-5)).read_bytes())
    with judging(asking(authority)) as base:
        made = await shown(base, {"env:CA": str(authority.file), "env:CERT": str(file), "secret:key": str(file)})
        with pytest.raises(AuthFailed):
            await rows(made, ask())
        file.write_bytes(authority.certificate("gateway").read_bytes())
        assert await rows(made, ask()) == []
        await made.close()


async def test_a_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    """A key of another certificate, a text that is none, or a file that is gone is named by its reference alone."""
    authority = Authority(tmp_path)
    one, other = parts(authority.certificate("one")), parts(authority.certificate("other"))
    async with Server(always(EMPTY), tls=authority.server()) as server:
        for cert, key in ((one[0], other[1]), ("-----BEGIN hunter2", one[1]), ("/nowhere/hunter2.pem", one[1])):
            with pytest.raises(ValueError, match=r"`(env:INVENTED_BASE|env:CERT)`") as caught:
                await shown(server.base, {"env:CA": str(authority.file), "env:CERT": cert, "secret:key": key})
            assert "hunter2" not in str(caught.value)
