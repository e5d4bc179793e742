// Token exchange (RFC 8693) for a server that has none: the grant as any operator would add it, by the standard and by
// what deploy/IDENTITY.md says of the subject token.
import { createPublicKey, verify } from "node:crypto";
import { errors } from "oidc-provider";

export const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const PARAMETERS = [
  "subject_token", "subject_token_type", "requested_token_type", "resource", "scope", "authorization_details",
];
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const JWT = "urn:ietf:params:oauth:token-type:jwt";
const read = (part) => JSON.parse(Buffer.from(part, "base64url"));

function subject(token, client, issuer) {
  const [header, claims, signature] = token.split(".");
  const key = createPublicKey({ key: client.jwks.keys[0], format: "jwk" });
  const genuine = verify(
    "sha256", Buffer.from(`${header}.${claims}`), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"),
  );
  const { alg, typ } = read(header);
  const said = read(claims);
  const now = Date.now() / 1000;
  const right = alg === "ES256" && typ === "asker+jwt" && said.iss === client.clientId && said.aud === issuer;
  if (!genuine || !right || !(said.exp > now) || said.exp - said.iat > 120) throw new Error("no subject token");
  return said;
}

export const exchanging = (provider, issuer, resourceServer) => async (ctx) => {
  const { client, params } = ctx.oidc;
  let said;
  try {
    if (params.subject_token_type !== JWT || params.requested_token_type !== ACCESS_TOKEN) throw new Error("type");
    said = subject(params.subject_token, client, issuer);
  } catch {
    throw new errors.InvalidRequest("the subject token is not acceptable");
  }
  ctx.exchanged = { act: { sub: client.clientId, ...(said.act && { act: said.act }) } };
  const token = new provider.AccessToken({
    accountId: said.sub, client, gty: EXCHANGE, scope: params.scope, rar: JSON.parse(params.authorization_details),
  });
  token.resourceServer = new provider.ResourceServer(params.resource, resourceServer(client, params.resource));
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: ACCESS_TOKEN,
    token_type: "Bearer",
    expires_in: token.expiration,
    scope: token.scope,
  };
};
