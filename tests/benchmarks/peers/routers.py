"""The peers as stacks: each router in production mode, started by its own command on the same supergraph.

Hive's two verify the token; that the others do not is to their advantage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.benchmarks import processes, records
from tests.benchmarks.home import AUDIENCE
from tests.benchmarks.peers import federation, installing
from tests.benchmarks.peers.installing import Absent
from tests.benchmarks.processes import Child
from tests.benchmarks.stage import Ask, Stage
from tests.benchmarks.upstream import subgraph_name


class Router:
    """What all of them share. `configuration` says how a router is set up, for whoever reads the results."""

    name, configuration, secured, tls = "", "", False, True

    def missing(self) -> str | None:
        try:
            self.command()
        except Absent as absent:
            return str(absent)
        return None

    def command(self) -> list[str]:
        """The beginning of the command line. Raises Absent."""
        raise NotImplementedError

    def start(self, stage: Stage, port: int) -> Child:
        raise NotImplementedError

    def body(self, stage: Stage, subject: str, ask: Ask) -> dict[str, Any]:
        fields = " ".join((*ask.fields(records.COLUMNS), *ask.more))
        query = federation.question(ask.regions or stage.amount.regions, fields)
        return {"query": query, "variables": {"id": subject}}

    def nodes(self, stage: Stage, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return federation.nodes(answer)

    def _supergraph(self, stage: Stage) -> str:
        path = stage.folder / f"{self.name}.graphql"  # its own: Hive reads it again and again
        path.write_text(federation.supergraph(stage.graphs), "utf-8")
        return str(path)


class Hive(Router):
    name = "hive"
    configuration = "Hive Gateway, router runtime (Rust planner), JWT plugin (ES256) on"

    def command(self) -> list[str]:
        installing.version("@graphql-hive/router-runtime")
        entry = installing.node_packages() / "@graphql-hive" / "gateway" / "dist" / "bin.js"
        return [str(installing.node()), str(entry)]

    def start(self, stage: Stage, port: int) -> Child:
        options = ["supergraph", "--hive-router-runtime", "-c", "hive.config.mjs", "-h", "127.0.0.1", "-p", str(port)]
        environment = {
            "NODE_ENV": "production", "BENCH_SUPERGRAPH": self._supergraph(stage), "BENCH_ISSUER": stage.issuer,
            "BENCH_AUDIENCE": AUDIENCE, **_trusting(stage),
        }  # fmt: skip
        command = [*self.command(), *options]
        return processes.start(self.name, command, stage.folder, stage.core, environment, installing.NODE_FOLDER)


class Apollo(Router):
    name = "apollo"
    configuration = "Apollo Gateway behind Apollo Server's standalone server, no JWT"

    def command(self) -> list[str]:
        installing.version("@apollo/gateway")
        return [str(installing.node()), "apollo.mjs"]

    def start(self, stage: Stage, port: int) -> Child:
        command = [*self.command(), self._supergraph(stage), str(port)]
        environment = {"NODE_ENV": "production", **_trusting(stage)}
        return processes.start(self.name, command, stage.folder, stage.core, environment, installing.NODE_FOLDER)


class Grafbase(Router):
    name, tls = "grafbase-dev", False
    configuration = "Grafbase CLI `dev`, default, no JWT"

    def command(self) -> list[str]:
        return [str(installing.grafbase())]

    def start(self, stage: Stage, port: int) -> Child:
        folder = stage.folder / "grafbase"
        folder.mkdir(exist_ok=True)
        lines = ["[graph]", "introspection = false"]
        for region, url in stage.graphs.items():
            name = subgraph_name(region)
            (folder / f"{name}.graphql").write_text(federation.subgraph(region), "utf-8")
            lines += [f"[subgraphs.{name}]", f'url = "{url}"', f'schema_path = "{name}.graphql"']
        (folder / "grafbase.toml").write_text("\n".join(lines) + "\n", "utf-8")
        command = [*self.command(), "dev", "-c", "grafbase.toml", "--listen-address", f"127.0.0.1:{port}"]
        environment = {"GRAFBASE_TELEMETRY_DISABLED": "1", "HOME": str(folder)}
        return processes.start(self.name, command, stage.folder, stage.core, environment, folder)


class HiveRouter(Router):
    name, tls = "hive-router", False
    configuration = "Hive Router (Rust), compiled here, one worker, JWT (ES256) on"

    def command(self) -> list[str]:
        return [str(installing.hive_router())]

    def start(self, stage: Stage, port: int) -> Child:
        path = stage.folder / "router.config.yaml"
        path.write_text(
            f"supergraph: {{source: file, path: {self._supergraph(stage)}}}\n"
            f"http: {{host: 127.0.0.1, port: {port}, workers: 1}}\nlog: {{level: error}}\n"
            f"jwt: {{enabled: true, require_authentication: true, issuers: ['{stage.issuer}'],"
            f" audiences: ['{AUDIENCE}'], allowed_algorithms: [ES256],"
            f" jwks_providers: [{{source: remote, url: '{stage.issuer}/jwks', prefetch: true}}]}}\n",
            "utf-8",
        )
        environment = {"ROUTER_CONFIG_FILE_PATH": str(path)}
        return processes.start(self.name, self.command(), stage.folder, stage.core, environment, stage.folder)


PEERS = (Hive(), Apollo(), Grafbase(), HiveRouter())


def _trusting(stage: Stage) -> dict[str, str]:
    return {"NODE_EXTRA_CA_CERTS": str(stage.authority)} if stage.authority else {}
