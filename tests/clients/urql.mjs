// urql with its exchange of persisted queries; arguments and output as of apollo.mjs.
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const [url, headers, text, variables] = process.argv.slice(2);

let sent = [];
const noting = (url, options) => (sent.push(Object.keys(JSON.parse(options.body)).sort()), fetch(url, options));
const client = new Client({
  url,
  fetch: noting,
  preferGetMethod: false,
  fetchOptions: { headers: JSON.parse(headers) },
  exchanges: [persistedExchange({ preferGetForPersistedQueries: false }), fetchExchange],
});

for (let time = 0; time < 2; time++) {
  const { data, error } = await client.query(text, JSON.parse(variables)).toPromise();
  console.log(JSON.stringify({ data, error: error?.message ?? null, sent }));
  sent = [];
}
