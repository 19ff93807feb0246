import type { Quote } from "./summary.js";

export const WARN_MS = 120_000;

/** How long a quote lives, in milliseconds: by its own two times, as a till's clock and the shop's may differ. */
export const lifetime_ms = ({ created_at, expires_at }: Quote): number => Date.parse(expires_at) - Date.parse(created_at);

/** What is left as `14:32`; nothing is left below 0. */
export function left(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** How a countdown stands. */
export const urgency = (ms: number): "calm" | "soon" | "over" => (ms <= 0 ? "over" : ms <= WARN_MS ? "soon" : "calm");

/** The terms a merchant reads, and what each of them is of. */
const READ = [
  "amount", "fee_amount", "total_amount", "withhold_bps", "minimum_amount", "estimated_payoff_on", "final_due_on", "apr_bps",
] as const;
export type Term = (typeof READ)[number] | "bank";

/** The terms that read otherwise than they did. */
export function changes(before: Quote | undefined, now: Quote): ReadonlySet<Term> {
  const found = new Set<Term>(before ? READ.filter((term) => before[term] !== now[term]) : []);
  if (before && before.bank.id !== now.bank.id) found.add("bank");
  return found;
}
