// Our own frame at a till. The page around it hands over a client secret; the token it brings never leaves this frame.
// Every message is { restock: 1, type: … }:
//   to the page:   hello (ready for a secret) · ready { merchant_id, components, expires_in } · renew · ended · failed
//   from the page: open { client_secret }
// Nothing is stored, no cookie is sent, and the key that signs the proofs cannot be exported.
const { issuer, origins, now, words } = JSON.parse(document.body.dataset.widget);
const status = document.querySelector("[role=status]");
const RENEW_BEFORE_MS = 30_000;
// A till's own clock may be wrong by hours; proofs are dated by ours.
const ahead_ms = now * 1000 - Date.now();

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const encoded = (text) => new TextEncoder().encode(text);

const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
  "sign",
  "verify",
]);
const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
let nonce;
let token;
let parent;
let timers = [];

// A DPoP proof (RFC 9449) of one request.
async function proof(method, url) {
  const claims = { jti: crypto.randomUUID(), htm: method, htu: url, iat: Math.floor((Date.now() + ahead_ms) / 1000) };
  if (nonce) claims.nonce = nonce;
  if (token) claims.ath = base64url(await crypto.subtle.digest("SHA-256", encoded(token)));
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
  const signed = [header, claims].map((part) => base64url(encoded(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, encoded(signed));
  return `${signed}.${base64url(signature)}`;
}

// Send one request to the gateway, with the token once there is one; asked for a nonce, send it again with that.
async function send(method, path, body, headers = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const own = { DPoP: await proof(method, issuer + path), ...(token && { Authorization: `DPoP ${token}` }) };
    const json = body === undefined ? undefined : JSON.stringify(body);
    const answer = await fetch(path, {
      method,
      body: json,
      headers: { ...(json && { "Content-Type": "application/json" }), ...own, ...headers },
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    const asked = answer.headers.get("DPoP-Nonce");
    nonce = asked || nonce;
    if (!asked || answer.ok || attempt > 1) return answer;
  }
}

function show(state) {
  document.body.dataset.state = state;
  status.textContent = words[state];
}

function tell(type, more = {}) {
  if (parent) window.parent.postMessage({ restock: 1, type, ...more }, parent);
}

function end(type) {
  token = undefined;
  timers.forEach(clearTimeout);
  show(type);
  tell(type);
}

async function open(client_secret) {
  token = undefined;
  const answer = await send("POST", "/widget/v1/token", { client_secret });
  if (!answer.ok) return end("failed");
  const { access_token, expires_in, merchant_id, components } = await answer.json();
  token = access_token;
  timers.forEach(clearTimeout);
  timers = [
    setTimeout(tell, expires_in * 1000 - RENEW_BEFORE_MS, "renew"),
    setTimeout(end, expires_in * 1000, "ended"),
  ];
  show("ready");
  return tell("ready", { merchant_id, components, expires_in });
}

window.addEventListener("message", ({ source, origin, data }) => {
  if (source !== window.parent || source === window || !origins.includes(origin)) return;
  if (data?.restock !== 1 || data.type !== "open" || typeof data.client_secret !== "string") return;
  parent = origin;
  open(data.client_secret).catch(() => end("failed"));
});

// Which of the pages that may show us does is not known yet; the others never get this.
for (const origin of origins) window.parent.postMessage({ restock: 1, type: "hello" }, origin);
