import type { Icon } from "../parts/icons.js";

/** What a box or badge is filled with. `filled` ones are the strongest of their colour, `doubt` has a dashed edge. */
export type Tone = "neutral" | "petrol" | "leaf" | "brass" | "brick" | "doubt" | "petrol filled" | "leaf filled" | "brick filled";

/** How each state of a drawdown, of its health and of an offer looks. */
export const BADGES = {
  awaiting_confirmation: ["neutral", "dotted"],
  requested: ["neutral", "ring"],
  reviewing: ["petrol", "eye"],
  approved: ["petrol", "half"],
  submitted: ["petrol", "half"],
  pending: ["petrol", "most"],
  active: ["petrol filled", "full"],
  repaid: ["leaf filled", "check"],
  refinanced: ["leaf", "loop"],
  in_doubt: ["doubt", "doubt"],
  returned: ["brass", "back"],
  rejected: ["brick", "cross"],
  failed: ["brick", "fail"],
  canceled: ["neutral", "stop"],
  expired: ["neutral", "clock"],
  charged_off: ["brick filled", "cross"],
  current: ["leaf", "check"],
  near_breach: ["brass", "warn"],
  late: ["brick", "warn"],
  defaulted: ["brick filled", "warn"],
  recovered: ["neutral", "check"],
  paused: ["petrol", "pause"],
  delivered: ["petrol", "full"],
  replaced: ["neutral", "loop"],
  frozen: ["neutral", "pause"],
  stale: ["brass", "offline"],
} satisfies Record<string, readonly [Tone, Icon]>;
export type Badge = keyof typeof BADGES;
