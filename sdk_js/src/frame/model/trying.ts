import type { Problem } from "../../client/client.js";

/**
 * What a failed confirmation means for the money. `again`: nobody knows yet whether it was taken, so the same is asked
 * under the same key until somebody does. `changed`: nothing was borrowed, other terms hold now. `drawn`: this quote
 * was drawn already. `refused`: nothing was borrowed.
 */
export type Meaning = "again" | "changed" | "drawn" | "refused";

const CHANGED = new Set([
  "quote_superseded", "stale_terms", "quote_expired", "offer_frozen", "offer_closed", "exposure_exceeded",
  "amount_above_limit", "lender_does_not_offer",
]);
const NOT_AN_ANSWER = new Set([0, 401, 408, 425, 429]);
const SERVER = 500;
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

/** What to make of a problem that answered a confirmation. A refusal keeps nothing: whatever it says was not done. */
export function meaning({ status, code }: Problem): Meaning {
  if (NOT_AN_ANSWER.has(status) || status >= SERVER || code === "idempotency_key_in_use") return "again";
  if (code === "quote_already_drawn") return "drawn";
  return CHANGED.has(code) ? "changed" : "refused";
}

/** How long to wait before trying again, after so many tries. */
export const wait_ms = (tries: number): number => WAITS_MS[Math.min(tries, WAITS_MS.length) - 1] ?? 0;

/** The key of a quote's confirmation: one quote is drawn once, however often and from wherever it is sent. */
export const keyOf = (quote_id: string): string => `confirm-${quote_id}`;
