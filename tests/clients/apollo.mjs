// Apollo Client with automatic persisted queries. Arguments: the gateway's address, headers as JSON, a query, its
// variables as JSON. Asks twice, around its cache; prints one JSON object for each time: data, and what was sent.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { createHash } from "node:crypto";

const [uri, headers, text, variables] = process.argv.slice(2);

let sent = [];
const noting = (url, options) => (sent.push(Object.keys(JSON.parse(options.body)).sort()), fetch(url, options));
const sha256 = (document) => createHash("sha256").update(document).digest("hex");
const link = ApolloLink.from([
  new PersistedQueryLink({ sha256 }),
  new HttpLink({ uri, fetch: noting, headers: JSON.parse(headers) }),
]);
const client = new ApolloClient({ link, cache: new InMemoryCache() });

for (let time = 0; time < 2; time++) {
  const asked = { query: gql(text), variables: JSON.parse(variables), fetchPolicy: "network-only" };
  const { data, error } = await client.query(asked);
  console.log(JSON.stringify({ data, error: error?.message ?? null, sent }));
  sent = [];
}
