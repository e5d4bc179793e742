// Hive Gateway in its best configuration: its Rust planner (a command-line option), tokens verified by its own plugin.
import { createRemoteJwksSigningKeyProvider, defineConfig } from '@graphql-hive/gateway';

const { BENCH_SUPERGRAPH, BENCH_ISSUER, BENCH_AUDIENCE } = process.env;

export const gatewayConfig = defineConfig({
  supergraph: BENCH_SUPERGRAPH,
  logging: 'error',
  graphiql: false,
  jwt: {
    signingKeyProviders: [createRemoteJwksSigningKeyProvider({ jwksUri: `${BENCH_ISSUER}/jwks` })],
    tokenVerification: { issuer: BENCH_ISSUER, audience: BENCH_AUDIENCE, algorithms: ['ES256'] },
    reject: { missingToken: true, invalidToken: true },
  },
});
