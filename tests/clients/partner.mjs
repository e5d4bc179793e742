// A partner's client by the standards alone: `node partner.mjs ORDER`, ORDER being JSON. It is given the gateway's
// address, its own id and keys, and a question; everything else it learns from the gateway's first refusal.
// Prints one JSON line for each step. `way` is plain, dpop or mtls; with `revoke` it gives the token back.
import { Agent, request } from "node:https";
import * as client from "openid-client";

const order = JSON.parse(process.argv[2]);
const say = (step, facts) => console.log(JSON.stringify({ step, at: Date.now() / 1000, ...facts }));
const question = (headers) => ({
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...headers },
  body: JSON.stringify(order.question),
});

// where a connection shows a certificate, it is made by hand: fetch cannot
const agent = order.tls && new Agent({ ...order.tls, rejectUnauthorized: false });
const shown = (url, options) =>
  new Promise((done, failed) => {
    const headers = Object.fromEntries(new Headers(options.headers));
    const sent = request(url, { method: options.method, headers, agent }, async (answer) => {
      const chunks = [];
      for await (const chunk of answer) chunks.push(chunk);
      done(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: answer.headers }));
    });
    sent.on("error", failed);
    sent.end(options.body?.toString());
  });
const reach = (url, options) => (String(url).startsWith("https:") ? shown(url, options) : fetch(url, options));

// 1. asked with a token that nobody gave out, the gateway says where to learn more
const refused = await reach(order.gateway, question({ authorization: "Bearer nobody-gave-out-this-token" }));
const challenge = refused.headers.get("www-authenticate");
const metadata = challenge.match(/resource_metadata="([^"]+)"/)[1];
say("refused", { status: refused.status, schemes: challenge.match(/\b(Bearer|DPoP)(?= realm)/g) });

// 2. who gives out tokens for it, and how
const resource = await (await reach(metadata, { method: "GET", headers: {} })).json();
const key = await crypto.subtle.importKey("jwk", order.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const server = new URL(resource.authorization_servers.find((each) => each === order.issuer));
const config = await client.discovery(
  server,
  order.id,
  { use_mtls_endpoint_aliases: order.way === "mtls" },
  client.PrivateKeyJwt({ key, kid: order.key.kid }),
  { execute: [client.allowInsecureRequests], [client.customFetch]: reach },
);
say("discovered", { issuer: config.serverMetadata().issuer, dpop: resource.dpop_signing_alg_values_supported });

// 3. a token for this gateway and this purpose
const proofs = order.way === "dpop" ? client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) : undefined;
const wanted = {
  resource: resource.resource,
  scope: "credit.gov",
  authorization_details: JSON.stringify([{ type: "credit-query", purposes: [order.purpose] }]),
};
const token = await client.clientCredentialsGrant(config, wanted, { DPoP: proofs });
const parts = token.access_token.split(".").length;
say("token", { kind: token.token_type, signed: parts === 3, details: token.authorization_details });

// 4. the question; what a refusal says is part of the step
const ask = async () => {
  const { method, headers, body } = question({});
  try {
    const url = new URL(order.gateway);
    return await client.fetchProtectedResource(config, token.access_token, url, method, body, new Headers(headers), {
      DPoP: proofs,
    });
  } catch (error) {
    if (error.response) return error.response;
    throw error;
  }
};
const answer = await ask();
say("answer", { status: answer.status, body: await answer.json() });

// 5. the token as a thief has it: without key and certificate, under Bearer
const stolen = await fetch(order.thief ?? order.gateway, question({ authorization: `Bearer ${token.access_token}` }));
say("stolen", { status: stolen.status, challenge: stolen.headers.get("www-authenticate") });

// 6. given back, until it is refused
if (order.revoke) {
  await client.tokenRevocation(config, token.access_token);
  say("revoked", {});
  for (let last = 200; last === 200; ) {
    const asked = Date.now() / 1000;
    last = (await ask()).status;
    say("after", { asked, status: last });
    if (last === 200) await new Promise((done) => setTimeout(done, 100));
  }
}
