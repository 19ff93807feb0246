import { type Prove, prover } from "./dpop.js";
import { Problem, problemOf } from "./problem.js";

const TRIES = 4;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
/** How long one try may take; a stream has no end. */
const TRY_MS = 15_000;
/** Nothing was done, or what was done is answered again for the same key. */
const PASSING = new Set([429, 502, 503, 504]);
/** Nobody knows what was done: only reading is tried again. */
const BROKEN = 500;

/** One request. `key`: its Idempotency-Key, by which a second try is the same act. */
export interface Wanted {
  body?: unknown;
  key?: string;
  headers?: Record<string, string>;
  /** Gives the request up, and the waiting between its tries. Raises what it was aborted with. */
  signal?: AbortSignal;
  /** For an answer that goes on: no limit of time, and no second try. */
  endless?: boolean;
  /** For what must not be sent twice though it was never answered. */
  once?: boolean;
}

/** Requests to one gateway, each with a proof of this page's key. Nothing is stored, no cookie is sent. */
export class Transport {
  readonly #gateway: string;
  readonly #prove: Promise<Prove>;
  #nonce?: string;

  constructor(gateway: string, now: () => number) {
    this.#gateway = new URL(gateway).origin;
    this.#prove = prover(now);
  }

  /**
   * An answer that is a success. What is safe (a GET, or a request with a key) is tried up to four times when there is
   * no answer or the gateway says «later», and waits as long as it says, up to 20 seconds. Raises Problem, with status
   * 0 when there was no answer.
   */
  async send(method: string, path: string, wanted: Wanted, token?: string): Promise<Response> {
    const safe = !wanted.once && !wanted.endless && (method === "GET" || wanted.key !== undefined);
    for (let attempt = 1; ; attempt += 1) {
      const problem = await this.#tried(method, path, wanted, token).catch((error: unknown) => {
        wanted.signal?.throwIfAborted();
        return new Problem(0, "unreachable", String(error));
      });
      if (problem instanceof Response) return problem;
      const wait_ms = wait(problem, method, attempt);
      if (!safe || attempt === TRIES || wait_ms === undefined) throw problem;
      await pause(wait_ms, wanted.signal);
    }
  }

  /** One try; once more where only the server's nonce was missing. */
  async #tried(method: string, path: string, wanted: Wanted, token?: string): Promise<Response | Problem> {
    let [answer, asked] = await this.#fetched(method, path, wanted, token);
    if (!answer.ok && asked) [answer, asked] = await this.#fetched(method, path, wanted, token);
    return answer.ok ? answer : problemOf(answer);
  }

  /** An answer, and whether it brought a nonce that this request did not have. */
  async #fetched(method: string, path: string, wanted: Wanted, token?: string): Promise<[Response, boolean]> {
    const url = this.#gateway + path;
    const used = this.#nonce;
    const headers: Record<string, string> = { ...wanted.headers, DPoP: await (await this.#prove)(method, url, used, token) };
    if (token) headers.Authorization = `DPoP ${token}`;
    if (wanted.body !== undefined) headers["Content-Type"] = "application/json";
    if (wanted.key) headers["Idempotency-Key"] = wanted.key;
    const [signal, done] = limited(wanted);
    try {
      const answer = await fetch(url, {
        method,
        headers,
        body: wanted.body === undefined ? undefined : JSON.stringify(wanted.body),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        signal,
      });
      const nonce = answer.headers.get("DPoP-Nonce");
      if (nonce) this.#nonce = nonce;
      return [answer, nonce !== null && nonce !== used];
    } finally {
      done();
    }
  }
}

/** How long to wait before another try, in milliseconds; undefined: another try would not help. */
function wait({ status, retry_after_ms }: Problem, method: string, attempt: number): number | undefined {
  const passing = status === 0 || PASSING.has(status) || (status === BROKEN && method === "GET");
  if (!passing && retry_after_ms === undefined) return undefined;
  const own_ms = FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random() / 4);
  const wait_ms = Math.max(own_ms, retry_after_ms ?? 0);
  return wait_ms > LONGEST_WAIT_MS ? undefined : wait_ms;
}

/** Resolves after `ms`; raises what `signal` was aborted with. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stopped = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stopped);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stopped, { once: true });
  });
}

/** The caller's signal, and a limit of time where there is to be one; `done` ends the limit. */
function limited({ signal, endless }: Wanted): [AbortSignal | undefined, () => void] {
  signal?.throwIfAborted();
  if (endless) return [signal, () => undefined];
  const own = new AbortController();
  const stop = () => own.abort(signal?.reason);
  const timer = setTimeout(() => own.abort(new Error(`no answer within ${TRY_MS} ms`)), TRY_MS);
  signal?.addEventListener("abort", stop, { once: true });
  return [
    own.signal,
    () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    },
  ];
}
