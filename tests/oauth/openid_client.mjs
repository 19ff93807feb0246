// The journey of a relying party by openid-client: it prints the address for the browser, reads where the browser was
// sent back to, and prints what it got; once told that the merchant took its consent back, it tries again.
// Arguments: issuer, client id, private JWK, merchant id, address of the merchant.
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
    type: 'merchant_data', actions: ['push'], datatypes: ['sales', 'stock'], merchant: { id: merchantId },
    lookback_days: 90, purpose: 'credit_assessment', recipients: [{ bank: 'bnk_sandbox' }], retention_days: 365,
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
const call = async (token, path, body = undefined) => {
  const [method, headers] = body === undefined ? ['GET', {}] : ['POST', { 'content-type': 'application/json' }];
  const address = new URL(`${resource}${path}`);
  try {
    const answer = await oauth.fetchProtectedResource(config, token, address, method, body, new Headers(headers), { DPoP });
    return answer.status;
  } catch (error) {
    return error.status ?? String(error);
  }
};
let sales = 0;
const push = (token) => call(token, '/sales', JSON.stringify([{
  sale_id: `a-${sales += 1}`, kind: 'sale', occurred_at: new Date().toISOString(), amount: 1200, currency: 'CNY',
}]));
const granted = tokens.authorization_details.map(({ type, datatypes, recipients }) => ({ type, datatypes, recipients }));
say({ token_type: tokens.token_type, granted });
say({ pushed: await push(tokens.access_token), offer: await call(tokens.access_token, '/offer') });

const refreshed = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
const told = await oauth.tokenIntrospection(config, refreshed.access_token);
await oauth.tokenRevocation(config, tokens.access_token);
say({
  renewed: await push(refreshed.access_token), active: told.active, bound: Boolean(told.cnf?.jkt),
  given_up: await push(tokens.access_token),
});

await heard.next();
const refused = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }).catch((error) => error);
say({ ended: await push(refreshed.access_token), refused: refused.error });
answers.close();
