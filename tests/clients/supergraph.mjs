// Composes the gateway's subgraph with a small one of companies, and asks the supergraph through Apollo Gateway.
// Arguments: the gateway's address, headers as JSON, a code of an enterprise, fields of a penalty. Prints one JSON object.
import { composeServices } from "@apollo/composition";
import { ApolloGateway, LocalGraphQLDataSource, RemoteGraphQLDataSource } from "@apollo/gateway";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";

const [url, headers, uscc, fields] = process.argv.slice(2);

const companies = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { company: Company }
  type Company { ticker: String! credit: Enterprise }
  type Enterprise @key(fields: "uscc") { uscc: String employees: Int }
`);
const resolvers = {
  Query: { company: () => ({ ticker: "DEMO", credit: { uscc } }) },
  Enterprise: { __resolveReference: (entity) => entity, employees: () => 12 },
};

async function ask(query) {
  const body = JSON.stringify({ query });
  const head = { "Content-Type": "application/json", ...JSON.parse(headers) };
  return (await fetch(url, { method: "POST", headers: head, body })).json();
}

const credit = (await ask("{ _service { sdl } }")).data._service.sdl;
const composed = composeServices([
  { name: "companies", typeDefs: companies, url: "local" },
  { name: "credit", typeDefs: parse(credit), url },
]);
if (composed.errors) throw new Error(composed.errors.map((error) => error.message).join("\n"));

class Credit extends RemoteGraphQLDataSource {
  willSendRequest({ request }) {
    for (const [name, value] of Object.entries(JSON.parse(headers))) request.http.headers.set(name, value);
  }
}

const asked = [];
const gateway = new ApolloGateway({
  supergraphSdl: composed.supergraphSdl,
  buildService({ name, url }) {
    if (name === "companies") return new LocalGraphQLDataSource(buildSubgraphSchema([{ typeDefs: companies, resolvers }]));
    const credit = new Credit({ url });
    return { process: (options) => (asked.push(options.request.query), credit.process(options)) };
  },
});
const { schema, executor } = await gateway.load();

async function through(query) {
  const { data, errors } = await executor({
    request: { query, variables: {} }, document: parse(query), operationName: null, queryHash: query, schema,
    context: {}, metrics: {}, cache: new Map(), logger: console,
  });
  return { data, errors };
}

const penalties = `administrativePenalties { nodes { ${fields} } complete }`;
const inward = await through(`{ company { ticker credit { name employees ${penalties} } } }`);
const outward = await through(`{ subject(id: { uscc: "${uscc}" }) { name ... on Enterprise { employees } } }`);
const hints = composed.hints.map((hint) => hint.message);
const shown = Object.keys(schema.getType("AdministrativePenalty").getFields());
console.log(JSON.stringify({ hints, inward, outward, asked, shown }));
await gateway.stop();
