import type { Drawdown, Summary } from "../../client/client.js";

/** What has to be said of a loan beside its figures. */
export type Kind =
  | "late" | "defaulted" | "stopped" | "paused" | "proposed" | "declined" | "near_breach" | "charged_off" | "recovered"
  | "in_doubt" | "returned" | "awaiting_confirmation" | "pending";

/** One of them: the sum it is about, the day, how many days, and the gateway's own page where something is done. */
export interface Notice {
  kind: Kind;
  amount: number;
  on?: string;
  days?: number;
  url?: string | null;
}

/** What stands in a loan's way or at its side, the gravest first. */
export function notices(loan: Drawdown, actions: Summary["required_actions"]): Notice[] {
  const { amount, health, interval, pause, short_amount, paused_until_on, past_due_amount, past_due_days, state } = loan;
  const asked = (type: string) => actions.find((action) => action.type === type && action.drawdown_id === loan.id);
  if (state === "charged_off") return [{ kind: health === "recovered" ? health : state, amount: past_due_amount }];
  if (state === "in_doubt" || state === "returned") return [{ kind: state, amount }];
  if (state === "awaiting_confirmation") return [{ kind: state, amount, url: asked("confirm")?.url }];
  if (state !== "active") return running(loan) ? [{ kind: "pending", amount }] : [];
  const found: Notice[] = [];
  if (health === "late" || health === "defaulted") found.push({ kind: health, amount: past_due_amount, days: past_due_days });
  const stopped = asked("renew_mandate");
  if (stopped) found.push({ kind: "stopped", amount: 0, url: stopped.url });
  if (paused_until_on) found.push({ kind: "paused", amount: 0, on: paused_until_on });
  else if (pause?.state === "proposed" || pause?.state === "declined") found.push({ kind: pause.state, amount: 0, on: pause.created_at });
  if (health === "near_breach" && interval) found.push({ kind: health, amount: short_amount || interval.remaining_amount, on: interval.due_on });
  return found;
}

const ENDED: readonly string[] = ["repaid", "refinanced", "rejected", "failed", "canceled", "expired"];
const OUT: readonly string[] = ["active", "charged_off", "repaid", "refinanced"];

/** Whether something of it still happens. */
export const running = (loan: Drawdown): boolean => !ENDED.includes(loan.state);

/** Whether its money is out, or was: it has a beam, a line and days. */
export const out = (loan: Drawdown): boolean => OUT.includes(loan.state);

/** Whether the merchant may ask for a pause now. */
export const mayPause = ({ state, paused_until_on, pause }: Drawdown): boolean =>
  state === "active" && !paused_until_on && pause?.state !== "proposed";

/** What is still claimed, of a loan written off too; nothing before its money is out. */
export const left = (loan: Drawdown): number => (loan.state === "charged_off" ? loan.past_due_amount : out(loan) ? loan.outstanding_amount : 0);
