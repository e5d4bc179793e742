// A certified authorization server, not ours, on free ports of loopback: `node provider.mjs CONFIG` where CONFIG is JSON
// with `clients` (metadata), `opaque` (ids of clients whose tokens cannot be read), `tls` ({key, cert}, PEM). Prints
// its address when it answers, and ends with its standard input. Clients with the grant exchange what they sign.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import Provider from "oidc-provider";
import { EXCHANGE, exchanging, PARAMETERS } from "./exchanging.mjs";

const config = JSON.parse(process.argv[2]);
const listening = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));

const plain = createServer();
const mutual = createTlsServer({ ...config.tls, requestCert: true, rejectUnauthorized: false });
const issuer = `http://127.0.0.1:${await listening(plain)}`;
const mtls = `https://127.0.0.1:${await listening(mutual)}`;

const signing = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
const resourceServer = (client, resource) => ({
  scope: "credit.gov",
  audience: resource,
  accessTokenTTL: 300,
  accessTokenFormat: config.opaque.includes(client.clientId) ? "opaque" : "jwt",
  jwt: { sign: { alg: "ES256" } },
});
const provider = new Provider(issuer, {
  clients: config.clients,
  jwks: { keys: [{ ...signing, kid: "as-1", use: "sig", alg: "ES256" }] },
  clientAuthMethods: ["private_key_jwt"],
  discovery: { mtls_endpoint_aliases: { token_endpoint: `${mtls}/token` } },
  scopes: ["credit.gov", "credit.restricted"],
  enabledJWA: { clientAuthSigningAlgValues: ["ES256"] },
  clientDefaults: {
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    id_token_signed_response_alg: "ES256",
  },
  ttl: { ClientCredentials: 300 },
  extraTokenClaims: (ctx) => ctx.exchanged,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (ctx, client) => client.clientId === "credit-gateway" },
    revocation: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate?.(),
    },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource, client) => resourceServer(client, resource),
    },
    richAuthorizationRequests: {
      enabled: true,
      types: { "credit-query": { validate: () => undefined } },
      authorizationDetailsForAccessToken: (ctx) => JSON.parse(ctx.oidc.params.authorization_details),
      authorizationDetailsForIntrospection: (ctx, token) => token.rar,
    },
  },
});
provider.registerGrantType(EXCHANGE, exchanging(provider, issuer, resourceServer), PARAMETERS);
plain.on("request", provider.callback());
mutual.on("request", provider.callback());
console.log(issuer);
process.stdin.on("end", () => process.exit(0)).resume();
