/** DPoP (RFC 9449): a key that cannot leave this page, and proofs of single requests by it. */

const base64url = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const encoded = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Makes a proof of one request; `nonce` is the server's, `token` the access token it goes with. */
export type Prove = (method: string, url: string, nonce?: string, token?: string) => Promise<string>;

/** A fresh key, and what it proves. `now` tells the server's time in milliseconds: a till's own clock may be wrong by hours. */
export async function prover(now: () => number): Promise<Prove> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return async (method, url, nonce, token) => {
    const claims: Record<string, unknown> = {
      jti: crypto.randomUUID(),
      htm: method,
      htu: url.replace(/[?#].*/, ""),
      iat: Math.floor(now() / 1000),
    };
    if (nonce) claims.nonce = nonce;
    if (token) claims.ath = base64url(await crypto.subtle.digest("SHA-256", encoded(token)));
    const header = { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
    const signed = [header, claims].map((part) => base64url(encoded(JSON.stringify(part)))).join(".");
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, encoded(signed));
    return `${signed}.${base64url(signature)}`;
  };
}
