import type { Drawdown, State } from "./summary.js";

/** One step from the click to the money. `now`: under way, `open`: later, `doubt`: nobody knows yet. */
export interface Step {
  kind: "confirmed" | "approved" | "sent" | "arrived" | "repay";
  is: "done" | "now" | "doubt" | "open";
  at?: string;
}

/** The states that each step is done with. */
const DONE_BY: readonly [Step["kind"], readonly State[]][] = [
  ["confirmed", ["requested", "reviewing", "approved", "submitted", "pending", "in_doubt", "active"]],
  ["approved", ["approved", "submitted", "pending", "in_doubt", "active"]],
  ["sent", ["submitted", "pending", "in_doubt", "active"]],
  ["arrived", ["active"]],
];

/** The steps of a drawdown on its way, with the times that are known. */
export function steps(drawdown: Drawdown): Step[] {
  let reached = true;
  const found = DONE_BY.map(([kind, states]): Step => {
    const done = states.includes(drawdown.state);
    const is = !done ? (reached ? "now" : "open") : kind === "sent" && drawdown.state === "in_doubt" ? "doubt" : "done";
    reached = is === "done";
    return { kind, is, at: done ? drawdown.steps?.find(({ state }) => states.includes(state))?.at : undefined };
  });
  return [...found, { kind: "repay", is: "open" }];
}
