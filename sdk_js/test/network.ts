import { vi } from "vitest";

/** A request as the gateway would see it. */
export interface Seen {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
  claims: Record<string, unknown>;
}
type Answer = Response | Error | ((seen: Seen) => Response | Error);

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });
export const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  json({ code, detail: `about ${code}`, request_id: "req_1" }, status, headers);

/** A network that gives these answers one after another, the last one for good; and all that was asked of it. */
export function network(...answers: Answer[]): Seen[] {
  const seen: Seen[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    init.signal?.throwIfAborted();
    const headers = new Headers(init.headers);
    const [, claims] = headers.get("DPoP")!.split(".");
    const one: Seen = {
      method: init.method!,
      path: new URL(url).pathname,
      headers,
      body: init.body ? JSON.parse(String(init.body)) : undefined,
      claims: JSON.parse(atob(claims!.replace(/-/g, "+").replace(/_/g, "/"))),
    };
    seen.push(one);
    const next = answers.length > 1 ? answers.shift()! : answers[0]!;
    const answer = typeof next === "function" ? next(one) : next;
    if (answer instanceof Error) throw answer;
    return answer.clone();
  });
  return seen;
}

/** Let time pass, faster than it does, until `promise` settles; its value, or what it failed with. */
export async function passed<Value>(promise: Promise<Value>): Promise<Value | Error> {
  let found: Value | Error | undefined;
  void promise.then(
    (value) => (found = value),
    (error: Error) => (found = error),
  );
  while (found === undefined) {
    await vi.advanceTimersByTimeAsync(250);
    await crypto.subtle.digest("SHA-256", new Uint8Array()); // a turn for what is signed beside this thread
  }
  return found;
}
