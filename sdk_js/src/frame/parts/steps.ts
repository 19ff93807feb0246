import { html, nothing, type TemplateResult } from "lit";
import type { Drawdown } from "../model/summary.js";
import { type Step, steps } from "../model/steps.js";
import type { Said } from "../said.js";
import { icon } from "./icons.js";

const ICONS = { done: "done", now: "half", doubt: "doubt", open: "ring" } as const;

/** How far a drawdown is on its way to the account, step by step with its times. */
export function progress(said: Said, drawdown: Drawdown): TemplateResult {
  const found = steps(drawdown);
  return html`<ol class="steps">${found.map(
    (step) => html`<li class=${step.is} aria-current=${step.is === "now" ? "step" : nothing}>${icon(ICONS[step.is])}
      <span class="name">${name(said, drawdown, step)}</span><small>${note(said, drawdown, step)}</small></li>`,
  )}</ol>`;
}

function name({ words }: Said, drawdown: Drawdown, { kind, is }: Step): string {
  if (kind === "arrived") return words.account_step(drawdown.payout_account_ending ?? "");
  return kind === "approved" ? (is === "done" ? words.step.approved : words.step.asking)(drawdown.bank.name) : words.step[kind];
}

function note(said: Said, drawdown: Drawdown, { kind, is, at }: Step): string {
  if (at) return said.time(at);
  if (kind === "repay") return said.words.repay_from(said.rate(drawdown.withhold_bps));
  if (kind === "approved" && drawdown.state === "reviewing") return said.words.reviewing(drawdown.bank.name);
  return kind === "arrived" && is !== "done" && drawdown.expected_on ? said.words.expected(said.day(drawdown.expected_on)) : "";
}
