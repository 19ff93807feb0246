import { html, nothing, type TemplateResult } from "lit";
import type { Drawdown, State } from "../model/summary.js";
import { flying } from "../model/summary.js";
import type { Said } from "../said.js";
import { badge, type Content, figure, header, line, lines, notice, quiet, secondary } from "./parts.js";
import { progress } from "./steps.js";

/** What the merchant can do about a drawdown that was clicked. */
export interface Acts {
  /** The hosted page where a passkey confirms it. */
  url: string;
  cancel: () => void;
  leave: () => void;
  manage: () => void;
}

const ENDED: Partial<Record<State, readonly ["brass" | "brick" | "neutral", "back" | "cross" | "fail" | "stop"]>> = {
  failed: ["brick", "fail"], rejected: ["brick", "cross"], returned: ["brass", "back"], canceled: ["neutral", "stop"], expired: ["neutral", "stop"],
};

/** What became of a click: each step with its time, and in each case where the money is. */
export function after(said: Said, drawdown: Drawdown, acts: Acts): TemplateResult {
  return html`<div class="card">${header(said, badge(said, drawdown.state))}<section class="stack">${body(said, drawdown, acts)}</section></div>`;
}

function body(said: Said, drawdown: Drawdown, acts: Acts): Content {
  const { words } = said;
  const bank = drawdown.bank.name;
  const sum = figure(said, drawdown.amount, "large");
  if (drawdown.state === "awaiting_confirmation") return [sum, stepUp(said, drawdown, acts)];
  const ended = ENDED[drawdown.state];
  if (ended) {
    const [title, text] = words.ended[drawdown.state as keyof typeof words.ended](bank);
    const reason = drawdown.bank_decision?.reason ?? drawdown.reason;
    const why = reason ? ` ${words.bank_said(reason.replace(/_/g, " "))}` : "";
    return [notice(...ended, title!, text + why, true), secondary(words.look_again, acts.leave)];
  }
  if (!flying(drawdown)) {
    return [html`<p class="soft">${words.arrived}</p>`, sum, progress(said, drawdown), html`<div class="pair">${secondary(words.see_loan, acts.manage)}${secondary(words.look_again, acts.leave)}</div>`];
  }
  if (drawdown.state === "in_doubt") return doubt(said, drawdown.amount, bank, drawdown);
  const asked = drawdown.state === "requested" || drawdown.state === "reviewing";
  return [html`<div><p class="soft">${asked ? words.asked(bank) : words.on_its_way}</p>${sum}</div>`, progress(said, drawdown), notice("neutral", "info", words.watching)];
}

/** Nobody knows yet whether the money went: it is asked after, never sent again. */
export function doubt(said: Said, amount: number, bank: string, drawdown?: Drawdown): Content {
  const { words, time, minute } = said;
  const sent = drawdown?.steps?.find(({ state }) => state === "submitted")?.at;
  return [
    notice("doubt", "doubt", words.in_doubt(said.limit(amount), bank), words.in_doubt_body, true),
    sent || drawdown?.next_check_at
      ? lines(sent ? line(words.asked_at, time(sent)) : nothing, drawdown?.next_check_at ? line(words.next_check, minute(drawdown.next_check_at)) : nothing)
      : nothing,
  ];
}

/** Opens the hosted page in a window of its own; where none may be opened, the link leads there. */
function stepUp(said: Said, { amount }: Drawdown, { url, cancel }: Acts): Content {
  const { words } = said;
  const press = (event: Event) => {
    if (open(url, "_blank")) event.preventDefault();
  };
  return [
    notice("neutral", "lock", words.step_up, words.step_up_body),
    html`<a class="primary" href=${url} target="_top" rel="opener" @click=${press}>${words.step_up_open(said.limit(amount))}</a>`,
    html`<p class="center">${quiet(words.step_up_leave, cancel)}</p>`,
    html`<p class="soft center">${words.nothing_yet}</p>`,
  ];
}
