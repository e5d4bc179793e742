// A subgraph of permits by Apollo's own library, on a free port of loopback: `node subgraph.mjs CONFIG` where CONFIG is JSON,
// permits by the code of their firm. Prints where it answers and where it tells what it was asked, and ends with its
// standard input. Nobody may see who holds a permit.
import { createServer } from "node:http";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { GraphQLError, parse } from "graphql";
import { createHandler } from "graphql-http/lib/use/http";

const held = JSON.parse(process.argv[2]);
const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Enterprise @key(fields: "uscc") { uscc: String! permits: [Permit!]! }
  type Permit { id: ID! state: String! holder: Holder! }
  type Holder { name: String! }
`);
const permit = (code, number) => ({ id: `${code}-${number}`, state: "A" });
const forbidden = () => { throw new GraphQLError("hunter2", { extensions: { code: "FORBIDDEN" } }); };
const resolvers = {
  Enterprise: {
    __resolveReference: ({ uscc }) => (uscc in held ? { uscc } : null),
    permits: ({ uscc }) => Array.from({ length: held[uscc] }, (_, number) => permit(uscc, number)),
  },
  Permit: { holder: forbidden },
};

const asked = [];
const handler = createHandler({
  schema: buildSubgraphSchema([{ typeDefs, resolvers }]),
  onSubscribe: (_, params) => void asked.push(params.query),
});
const server = createServer((request, response) =>
  request.method === "GET" ? response.end(JSON.stringify(asked)) : handler(request, response));
server.listen(0, "127.0.0.1", () => {
  const here = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({ url: `${here}/graphql`, log: `${here}/log` }));
});
process.stdin.resume().on("end", () => process.exit(0));
