import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client } from "../src/client/client.js";
import { json, network, passed, problem } from "./network.js";

const GATEWAY = "https://gateway.example";
const OPENED = { access_token: "t1", token_type: "DPoP", expires_in: 300, merchant_id: "mer_1", components: ["offer"] };
const QUOTE = { id: "quo_1", terms_hash: "0".repeat(64) };
const offline = new TypeError("Failed to fetch");

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function opened(): Promise<Client> {
  const client = new Client({ gateway: GATEWAY });
  network(json(OPENED));
  await client.open("secret");
  return client;
}

test("a nonce that the server asks for is used at once, and in every proof after", async () => {
  const client = new Client({ gateway: GATEWAY });
  const seen = network(problem(400, "use_dpop_nonce", { "DPoP-Nonce": "n1" }), json(OPENED), json({ currency: "CNY" }));
  expect(await client.open("secret")).toEqual(OPENED);
  await client.summary();
  expect(seen.map(({ path, claims }) => [path, claims.nonce])).toEqual([
    ["/widget/v1/token", undefined],
    ["/widget/v1/token", "n1"],
    ["/v1/merchants/mer_1/summary", "n1"],
  ]);
  expect(seen[2]!.headers.get("Authorization")).toBe("DPoP t1");
  expect(seen[2]!.claims.ath).toBeTypeOf("string");
  expect(new Set(seen.map(({ claims }) => claims.jti)).size).toBe(3);
});

test("a click without an answer is sent again under the same key, so that it is one click", async () => {
  const client = await opened();
  const seen = network(offline, problem(503, "unavailable"), json({ id: "drw_1" }, 201));
  expect(await passed(client.confirm(QUOTE, "k1"))).toEqual({ id: "drw_1" });
  expect(seen.map(({ headers }) => headers.get("Idempotency-Key"))).toEqual(["k1", "k1", "k1"]);
});

test("after four tries it gives up, and says that there was no answer", async () => {
  const client = await opened();
  const seen = network(offline);
  expect(await passed(client.summary())).toMatchObject({ name: "Problem", status: 0, code: "unreachable" });
  expect(seen).toHaveLength(4);
});

test("it waits as long as the gateway says, and not at all when that is too long", async () => {
  const client = await opened();
  let seen = network(problem(429, "overloaded", { "Retry-After": "7" }), json({}));
  const before = performance.now();
  await passed(client.summary());
  expect(performance.now() - before).toBeGreaterThanOrEqual(7_000);
  seen = network(problem(429, "overloaded", { "Retry-After": "3600" }));
  const refused = client.summary();
  await expect(refused).rejects.toMatchObject({ status: 429, code: "overloaded", retry_after_ms: 3_600_000 });
  expect(seen).toHaveLength(1);
});

test("a refusal is said at once, with its code and the number to ask about", async () => {
  const client = await opened();
  const seen = network(problem(409, "terms_changed"));
  await expect(client.confirm(QUOTE, "k1")).rejects.toMatchObject({
    status: 409,
    code: "terms_changed",
    detail: "about terms_changed",
    request_id: "req_1",
  });
  expect(seen).toHaveLength(1);
});

test("what is not safe to repeat is sent once: an exchange, and a request without a key", async () => {
  const client = await opened();
  const seen = network(offline);
  await expect(client.cancel("drw_1")).rejects.toMatchObject({ status: 0 });
  await expect(client.open("again")).rejects.toMatchObject({ status: 0 });
  expect(seen.map(({ path }) => path)).toEqual(["/v1/drawdowns/drw_1/cancel", "/widget/v1/token"]);
});

test("a signal gives up the request, and the waiting between two tries", async () => {
  const client = await opened();
  const stop = new AbortController();
  network(offline);
  const waiting = client.summary({ signal: stop.signal });
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
  stop.abort(new Error("closed"));
  await expect(waiting).rejects.toThrow("closed");
  await expect(client.summary({ signal: stop.signal })).rejects.toThrow("closed");
});

test("an answer that never comes counts as none", async () => {
  const client = await opened();
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) =>
    new Promise((_resolve, reject) => signal!.addEventListener("abort", () => reject(signal!.reason))),
  );
  expect(await passed(client.summary())).toMatchObject({ status: 0, code: "unreachable" });
});

test("with fetchSession it opens itself, once for all who wait, and anew when its token is no longer known", async () => {
  let sessions = 0;
  const fetchSession = async () => ({ client_secret: `s${++sessions}` });
  const client = new Client({ gateway: GATEWAY, fetchSession });
  let known = "t1";
  const seen = network(({ path, headers, body }) => {
    if (path === "/widget/v1/token") return json({ ...OPENED, access_token: `t${(body as { client_secret: string }).client_secret[1]}` });
    return headers.get("Authorization") === `DPoP ${known}` ? json({}) : problem(401, "invalid_token");
  });
  await Promise.all([client.summary(), client.summary()]);
  known = "t2";
  await client.summary();
  expect(sessions).toBe(2);
  await vi.advanceTimersByTimeAsync(280_000);
  known = "t3";
  await client.summary();
  expect(sessions).toBe(3);
  expect(seen.filter(({ path }) => path === "/widget/v1/token")).toHaveLength(3);
});

test("without a session every call says so", async () => {
  const client = new Client({ gateway: GATEWAY });
  await expect(client.summary()).rejects.toMatchObject({ code: "session_ended" });
});
