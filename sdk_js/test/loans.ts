import type { Drawdown, Payoff, Summary } from "../src/client/client.js";
import type { Day, Progress } from "../src/frame/model/progress.js";

/** A loan that is out and on track, with `more` of it. */
export const loan = (more: Partial<Drawdown> = {}): Drawdown =>
  ({
    id: "drw_1", state: "active", merchant_id: "mer_1", quote_id: "quo_1", offer_id: "off_1", currency: "CNY", amount: 1_240_000, fee_amount: 21_080,
    total_amount: 1_261_080, outstanding_amount: 588_240, repaid_amount: 672_840, rebate_amount: 0, refinances: null, new_money_amount: 1_240_000,
    withhold_bps: 1_200, minimum_amount: 210_180, final_due_on: "2026-08-20", bank: { id: "bnk_1", name: "Harbour Bank" }, end_to_end_id: "E1",
    bank_reference: "B1", active_on: "2026-02-20", reason: null, confirmation_url: "https://gateway.example/connect/confirm/drw_1", bank_decision: null,
    health: "current", paused_until_on: null, past_due_amount: 0, past_due_days: 0, pending_amount: 16_432,
    interval: { due_on: "2026-05-21", minimum_amount: 210_180, paid_amount: 210_180, remaining_amount: 0 },
    short_amount: 0, next_collection: { collect_on: "2026-04-28", amount: 16_432 }, state_at: "2026-02-20T09:00:00Z", created_at: "2026-02-20T08:00:00Z",
    ...more,
  }) as Drawdown;

/** A shop with these loans, on 27 April 2026. */
export const shop = (drawdowns: Drawdown[], required_actions: Summary["required_actions"] = []): Summary =>
  ({ merchant_id: "mer_1", currency: "CNY", timezone: "Asia/Shanghai", today_on: "2026-04-27", data_as_of: null, required_actions, drawdowns }) as unknown as Summary;

export const payoff: Payoff = { drawdown_id: "drw_1", as_of_on: "2026-04-27", currency: "CNY", outstanding_amount: 588_240, pending_amount: 16_432, rebate_amount: 4_120, amount: 567_688 };

const DAY_MS = 86_400_000;
const on = (n: number) => new Date(Date.parse("2026-02-20") + n * DAY_MS).toISOString().slice(0, 10);
const STATES: Day["state"][] = ["pending", "settled", "returned", "carried_over", "settled", "failed", "paused"];

/** 66 days in, of about 122. */
export const progress = (share = 10_194): Progress => ({
  drawdown_id: "drw_1",
  currency: "CNY",
  planned_payoff_on: on(124),
  payoff: { p10_on: on(118), p50_on: on(121), p90_on: on(130) },
  plan: Array.from({ length: 125 }, (_, n) => ({ on: on(n), amount: Math.round((1_261_080 * n) / 124) })),
  paid: Array.from({ length: 67 }, (_, n) => ({ on: on(n), amount: share * n + (n % 7 === 6 ? 4_000 : 0) })),
  ahead: Array.from({ length: 64 }, (_, n) => ({
    on: on(67 + n), low_amount: share * 66 + 8_700 * (n + 1), likely_amount: share * 66 + 10_600 * (n + 1), high_amount: share * 66 + 11_900 * (n + 1),
  })),
  days: Array.from({ length: 31 }, (_, n): Day => ({
    business_on: on(66 - n), net_amount: n === 3 ? -2_400 : 136_933 - n * 1_300, amount: n === 3 ? 0 : 16_432 - n * 156, state: STATES[n] ?? "settled",
  })),
});
