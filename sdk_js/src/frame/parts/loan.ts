import { html, nothing, type TemplateResult } from "lit";
import type { Drawdown, Payoff } from "../../client/client.js";
import type { Tone } from "../model/badges.js";
import { spacing, stars } from "../model/beam.js";
import { type Kind, left, type Notice, out } from "../model/loan.js";
import type { Day } from "../model/progress.js";
import type { Said } from "../said.js";
import { beam } from "./beam.js";
import { hosted } from "./hosted.js";
import { type Icon, icon } from "./icons.js";
import { badge, figure, notice, primary, secondary } from "./parts.js";

/** What the merchant can do with a loan. */
export interface Acts {
  /** Open what pays it: `all` of it, or a part of so much. */
  pay(sum?: number | "all"): void;
  /** Ask for a pause; left out where none can be asked for. */
  pause?: () => void;
  /** The merchant is back from a page of the gateway's own. */
  back(): void;
}

/** The badges of a loan: its state, and its health where that says more than "on track". */
export function badges(said: Said, { state, health, paused_until_on }: Drawdown): TemplateResult {
  const more = paused_until_on ? "paused" : health;
  return html`<span class="row badges">${badge(said, state)}${more && state !== more && more !== "current" ? badge(said, more) : nothing}</span>`;
}

/** What is left of the total, what it is made of, and the beam of it. */
export function sums(said: Said, loan: Drawdown): TemplateResult {
  const { words: { manage }, cost, unit } = said;
  const { amount, fee_amount, total_amount, repaid_amount, pending_amount, rebate_amount, refinances, bank } = loan;
  if (!out(loan)) return html`<div>${figure(said, amount, "large", false)}<p class="soft">${manage.borrowed(cost(amount), cost(fee_amount), bank.name)}</p></div>`;
  const words = [manage.repaid(cost(repaid_amount)), pending_amount && manage.coming(cost(pending_amount)), rebate_amount && `${manage.rebate} ${cost(rebate_amount)}`];
  return html`<div class="stack">
    <div>
      <p class="row between soft"><span>${manage.left}</span><span>${manage.of(cost(total_amount))}</span></p>
      ${figure(said, left(loan), "large", false)}
      <p class="soft">${manage.borrowed(cost(amount), cost(fee_amount), bank.name)}</p>
      ${refinances ? html`<p class="soft">${manage.took_over}</p>` : nothing}
    </div>
    ${beam(total_amount, total_amount - left(loan), pending_amount, stars(0, total_amount, spacing(total_amount, unit)), words.filter(Boolean).join(", "))}
    <p class="legend">${["done", "coming", "rebate"].map((name, n) => words[n] ? html`<span><i class=${name}></i>${words[n]}</span>` : nothing)}</p>
  </div>`;
}

/** What the last day's sales repay, and what has to be repaid by when. */
export function halves({ words: { manage }, cost, day, rate }: Said, { interval, state, withhold_bps, paused_until_on }: Drawdown, last: Day | undefined, today_on: string): TemplateResult | typeof nothing {
  if (!interval || state !== "active" || paused_until_on) return nothing;
  const { due_on, minimum_amount, paid_amount, remaining_amount } = interval;
  const half = (small: string, large: string) => html`<div><p>${small}</p><p class="figure small">${large}</p></div>`;
  return html`<div class="halves">
    ${last ? half(manage.share(last.business_on === today_on ? manage.today : day(last.business_on), rate(withhold_bps), cost(last.net_amount)), manage.repays(cost(last.amount))) : nothing}
    ${half(manage.by(day(due_on)), manage.least(cost(minimum_amount)))}
  </div>
  <p class="strip ${remaining_amount ? "neutral" : "leaf"}">${icon(remaining_amount ? "ring" : "done")}${remaining_amount ? manage.to_go(cost(paid_amount), cost(remaining_amount)) : manage.covered(cost(paid_amount))}</p>`;
}

const LOOKS: Record<Kind, readonly [Tone, Icon]> = {
  late: ["brick", "warn"],
  defaulted: ["brick", "warn"],
  stopped: ["brass", "lock"],
  paused: ["petrol", "pause"],
  proposed: ["neutral", "clock"],
  declined: ["neutral", "stop"],
  near_breach: ["brass", "warn"],
  charged_off: ["brick", "cross"],
  recovered: ["neutral", "check"],
  in_doubt: ["doubt", "doubt"],
  returned: ["brass", "back"],
  awaiting_confirmation: ["neutral", "dotted"],
  pending: ["petrol", "most"],
};

/** One thing that has to be said of a loan, and below it what can be done: both ways out of being late are as wide. */
export function told({ words: { manage }, cost, day, date }: Said, loan: Drawdown, { kind, amount, on, days = 0, url }: Notice, { pay, pause, back }: Acts): TemplateResult {
  const [title, body] = manage.told[kind](cost(amount), on ? (kind === "paused" ? date : day)(on) : "", days, loan.bank.name);
  const owed = kind === "late" || kind === "defaulted";
  return html`<div class="stack">${notice(...LOOKS[kind], title, body, owed)}
    ${owed || kind === "near_breach" ? [(owed ? primary : secondary)(manage.pay(cost(amount)), () => pay(amount)), pause ? secondary(manage.pause, pause) : nothing] : nothing}
    ${url ? hosted(manage.open, url, back) : nothing}</div>`;
}

/** Paying it off now, with what that saves, or a part of it. */
export function payOff({ words: { manage }, cost }: Said, { amount, rebate_amount, pending_amount }: Payoff, { pay }: Acts): TemplateResult | typeof nothing {
  if (!amount) return nothing;
  const notes = manage.notes(rebate_amount ? cost(rebate_amount) : "", pending_amount ? cost(pending_amount) : "");
  return html`${secondary(manage.pay_off(cost(amount)), () => pay("all"))}
    ${notes ? html`<p class="note soft small-text">${notes}</p>` : nothing}
    ${secondary(manage.part, () => pay())}`;
}
