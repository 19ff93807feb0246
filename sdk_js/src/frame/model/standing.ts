/** What a summary means: which of its states a shop is shown, and why. */
import type { Reason, Summary, Drawdown, Offer } from "./summary.js";
import { flying } from "./summary.js";

/** Whether the shop can borrow now, else what stops it. `none`: nothing to show at all. */
export type OfferState = "open" | "used" | "stale" | "thin" | "frozen" | "declined" | "none";

const STALE = new Set(["data_stale"]);
const THIN = new Set(["thin_history", "no_closed_day"]);

/** Where the offer of a summary stands. */
export function offerState({ offer }: Summary): OfferState {
  if (!offer) return "none";
  const code = offer.reasons[0]?.code ?? "";
  if (offer.state === "open") return offer.available_amount >= Math.max(1, offer.minimum_amount) ? "open" : "used";
  if (STALE.has(code)) return "stale";
  if (THIN.has(code)) return "thin";
  return offer.state === "frozen" ? "frozen" : "declined";
}

/** The change of the offer against the one before, and the reason that moved it most that way. */
export interface Moved {
  up: boolean;
  amount: number;
  reason?: Reason;
}

/** How the offer moved, if it is open and did. */
export function moved(offer: Offer): Moved | undefined {
  const change = offer.change;
  if (!change?.amount || offer.state !== "open") return undefined;
  const up = change.amount > 0;
  const along = (reason: Reason) => (reason.amount ?? 0) * (up ? 1 : -1);
  const parts = offer.reasons.slice(0, -1).filter((reason) => along(reason) > 0);
  const reason = parts.sort((one, other) => along(other) - along(one))[0];
  return { up, amount: Math.abs(change.amount), reason };
}

/** What a tile says, the most pressing first. */
export type TileState =
  | { kind: "in_doubt" | "pending" | "confirm" | "late" | "short" | "repaying"; drawdown: Drawdown }
  | { kind: "raised" | "lowered"; moved: Moved }
  | { kind: Exclude<OfferState, "open"> | "offer" };

/** Which state the tile shows. */
export function tileState(summary: Summary): TileState {
  const all = summary.drawdowns ?? [];
  const find = (kind: Extract<TileState, { drawdown: unknown }>["kind"], fits: (one: Drawdown) => boolean) => {
    const drawdown = all.find(fits);
    return drawdown && { kind, drawdown };
  };
  const urgent =
    find("in_doubt", (one) => one.state === "in_doubt") ??
    find("late", (one) => one.past_due_amount > 0) ??
    find("short", (one) => one.health === "near_breach") ??
    find("confirm", (one) => one.state === "awaiting_confirmation") ??
    find("pending", flying);
  if (urgent) return urgent;
  const offered = offerState(summary);
  const move = summary.offer && offered === "open" ? moved(summary.offer) : undefined;
  if (move && !(move.up && all.length)) return { kind: move.up ? "raised" : "lowered", moved: move };
  const owed = find("repaying", (one) => one.outstanding_amount > 0);
  if (owed) return owed;
  return { kind: offered === "open" ? "offer" : offered };
}
