// The journey of a relying party by openid-client: it prints the address for the browser, reads where the browser was
// sent back to, and prints what it got. Arguments: issuer, client id, private JWK, merchant id, address to call.
import { createInterface } from 'node:readline/promises';
import * as oauth from 'openid-client';

const [issuer, clientId, jwk, merchantId, resource] = process.argv.slice(2);
const answers = createInterface({ input: process.stdin });
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const heard = answers[Symbol.asyncIterator]();

const key = await crypto.subtle.importKey(
  'jwk', JSON.parse(jwk), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'],
);
const config = await oauth.discovery(
  new URL(issuer), clientId, { token_endpoint_auth_method: 'private_key_jwt' },
  oauth.PrivateKeyJwt({ key, kid: 'main' }),
  { algorithm: 'oauth2', execute: [oauth.allowInsecureRequests] },
);
const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'));
const verifier = oauth.randomPKCECodeVerifier();
const state = oauth.randomState();
const details = [
  {
    type: 'merchant_data', actions: ['push'], datatypes: ['sales'], merchant: { id: merchantId }, lookback_days: 90,
    purpose: 'credit_assessment', retention_days: 365,
  },
  { type: 'offers', actions: ['read'] },
];

const url = await oauth.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: 'https://client.example/cb', state, code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256', authorization_details: JSON.stringify(details),
}, { DPoP });
say({ url: url.href });

const back = new URL((await heard.next()).value);
const tokens = await oauth.authorizationCodeGrant(
  config, back, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP },
);
const call = async (token, method = 'GET', body = undefined, address = resource) => {
  const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
  try {
    return (await oauth.fetchProtectedResource(config, token, new URL(address), method, body, headers, { DPoP })).status;
  } catch (error) {
    return error.status ?? String(error);
  }
};
const sale = {
  sale_id: 'a-1', kind: 'sale', occurred_at: new Date().toISOString(), amount: 1200, currency: 'CNY',
};
say({
  token_type: tokens.token_type,
  granted: tokens.authorization_details.map((detail) => detail.type),
  read: await call(tokens.access_token),
  pushed: await call(tokens.access_token, 'POST', JSON.stringify([sale]), `${resource}/sales`),
});

const refreshed = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
const told = await oauth.tokenIntrospection(config, refreshed.access_token);
say({ renewed: await call(refreshed.access_token), active: told.active, bound: Boolean(told.cnf?.jkt) });

await oauth.tokenRevocation(config, tokens.refresh_token);
const refused = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }).catch((error) => error);
say({ ended: await call(refreshed.access_token), refused: refused.error });
answers.close();
