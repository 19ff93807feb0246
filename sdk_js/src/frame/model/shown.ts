import type { Drawdown, Offer, Quote, Schemas, Summary } from "../../client/client.js";

export type Reason = Offer["reasons"][number];
export type State = Drawdown["state"];

/** What a newer gateway adds; one that does not say these is drawn without. */
export type ShownOffer = Offer & { change?: { amount: number; limit_before_amount: number; at: string } | null };
export type ShownForecast = Schemas["Forecasts"] & {
  days?: { on: string; p10_amount: number; p50_amount: number; p90_amount: number }[];
};
export type ShownDrawdown = Drawdown & {
  steps?: { state: State; at: string }[];
  next_check_at?: string | null;
  expected_on?: string | null;
  payout_account_ending?: string | null;
};
export type ShownQuote = Quote & { payoff_from_on?: string | null; payoff_to_on?: string | null };
export type Shown = Omit<Summary, "offer" | "forecast" | "drawdowns"> & {
  offer?: ShownOffer | null;
  forecast?: ShownForecast | null;
  drawdowns?: ShownDrawdown[] | null;
  payout_account_ending?: string | null;
  agreement?: { version: string; url: string | null } | null;
  trading_days_count?: number | null;
  trading_days_needed_count?: number | null;
};

const FLYING: readonly State[] = ["awaiting_confirmation", "requested", "reviewing", "approved", "submitted", "pending", "in_doubt"];

/** Whether a drawdown is somewhere between the click and the money. */
export const flying = ({ state }: { state: State }): boolean => FLYING.includes(state);
