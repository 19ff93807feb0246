// The certified authorization server, set up for what the gateway does: FAPI 2.0, pushed requests, private_key_jwt,
// DPoP with nonces, rich authorization requests, opaque tokens, refresh tokens. Whoever comes is signed in and agrees.
// Arguments: port, file of its store, id and public JWK of the client, where its browser goes back to.
import { randomBytes } from 'node:crypto';
import * as crypto from 'node:crypto';
import Provider from 'oidc-provider';
import { adapters } from './store.mjs';

const [port, path, clientId, jwk, back] = process.argv.slice(2);
const Stored = adapters(path);
const RESOURCE = `http://127.0.0.1:${port}/v1`;
const seen = new Map();

// The gateway keeps used proofs in memory; here used client assertions are kept there too, which is to its advantage.
class Replays {
  async find(id) { return seen.get(id); }

  async upsert(id, payload) { seen.set(id, payload); }
}

const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const asGranted = (_context, source) => source.rar;
const type = { validate() {} };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: (model) => (model === 'ReplayDetection' ? new Replays() : new Stored(model)),
  clients: [{
    client_id: clientId, redirect_uris: [back], grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'], token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: 'ES256', jwks: { keys: [JSON.parse(jwk)] }, dpop_bound_access_tokens: true,
    require_pushed_authorization_requests: true, authorization_details_types: ['merchant_data', 'offers'],
  }],
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  features: {
    devInteractions: { enabled: false },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    fapi: { enabled: true, profile: '2.0' },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    resourceIndicators: {
      enabled: true, defaultResource: () => RESOURCE, useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: '', accessTokenFormat: 'opaque', accessTokenTTL: 600 }),
    },
    richAuthorizationRequests: {
      enabled: true, types: { merchant_data: type, offers: type },
      authorizationDetailsForGrantSource: (context) => JSON.parse(context.oidc.params.authorization_details),
      authorizationDetailsForAccessToken: (context, _token, source) => asGranted(context, source),
      authorizationDetailsForIntrospection: asGranted,
    },
  },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  ttl: {
    AccessToken: 600, AuthorizationCode: 60, Grant: 86400 * 180, Interaction: 590, RefreshToken: 86400 * 180,
    Session: 3600,
  },
});

// In place of its pages: sign in, keep a grant, agree to everything.
provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) return next();
  const accountId = `shop-${randomBytes(8).toString('hex')}`;
  const grantId = await new provider.Grant({ accountId, clientId }).save();
  return provider.interactionFinished(context.req, context.res, { login: { accountId }, consent: { grantId } });
});
provider.on('server_error', (_context, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1');
