import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Drawdown, Payoff } from "../../client/client.js";
import { type Channel, send, type Stage, type Sum, typed } from "../model/paying.js";
import { line, lines, notice, primary, secondary, total } from "../parts/parts.js";
import { Drawn } from "../element.js";
import type { Said } from "../said.js";
import { style } from "../style.js";
import { manageStyle } from "./manage.style.js";
import type { Shop } from "./screen.js";

/** Paying early: asks once more with the exact figures, then says what became of the money. Says `done` when left. */
export class Pay extends Drawn {
  static override styles = [style, manageStyle];
  static override properties = {
    shop: { attribute: false }, said: { attribute: false }, loan: { attribute: false }, payoff: { attribute: false }, sum: { attribute: false },
    text: { state: true }, channel: { state: true }, stage: { state: true }, wrong: { state: true },
  };
  declare shop: Shop;
  declare said: Said;
  declare loan: Drawdown;
  declare payoff: Payoff;
  /** "all", or the part that is proposed and can be changed. */
  declare sum: Sum;
  declare text?: string;
  declare channel: Channel;
  declare stage: Stage;
  declare wrong: boolean;

  constructor() {
    super();
    this.channel = "debit";
    this.stage = { at: "asking" };
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("stage") && this.stage.at !== "sending") this.renderRoot.querySelector<HTMLElement>("[tabindex]")?.focus();
  }

  #leave = (): void => void this.dispatchEvent(new CustomEvent("done"));

  #wanted = (): Sum => (this.text === undefined ? this.sum : typed(this.text, this.said.unit));

  #send = async (): Promise<void> => {
    const sum = this.#wanted();
    this.wrong = sum !== "all" && !(sum && sum <= this.payoff.amount);
    if (this.stage.at === "sending" || this.wrong) return;
    this.stage = { at: "sending" };
    const { stage, payoff } = await send(this.shop.client, this.loan, this.payoff, sum!, this.channel);
    this.payoff = payoff ?? this.payoff;
    this.stage = stage;
    if (stage.at === "made" || stage.at === "dark") void this.shop.refresh();
  };

  override render(): TemplateResult {
    const { words: { manage, again }, cost, date } = this.said;
    const { stage, payoff, loan } = this;
    if (stage.at === "made") {
      const { amount, transfer_reference, collect_on } = stage.repayment;
      const on = date(collect_on ?? stage.repayment.business_on);
      return html`<section class="stack" tabindex="-1">
        ${transfer_reference ? notice("petrol", "info", ...manage.to_transfer(cost(amount), loan.bank.name, on)) : notice("leaf", "done", ...manage.made(cost(amount), on))}
        ${transfer_reference ? html`<code>${transfer_reference}</code>` : nothing}
        ${secondary(manage.done, this.#leave)}</section>`;
    }
    const { at } = stage;
    const all = this.sum === "all";
    const sum = this.#wanted();
    const amount = sum === "all" ? payoff.amount : (sum ?? 0);
    const fixed = at === "sending" || at === "dark";
    const { outstanding_amount, pending_amount, rebate_amount } = payoff;
    return html`<section class="stack">
      <h3 tabindex="-1">${all ? manage.pay_off(cost(amount)) : manage.part}</h3>
      ${at === "dark" ? notice("doubt", "doubt", ...manage.dark, true) : at === "changed" || at === "refused" ? notice("neutral", "info", ...manage[at], true) : nothing}
      ${all ? nothing : this.#field(fixed)}
      ${lines(
        line(manage.left, cost(outstanding_amount)),
        pending_amount ? line(manage.states.pending, cost(-pending_amount)) : nothing,
        all && rebate_amount ? line(manage.rebate, cost(-rebate_amount)) : nothing,
        total(manage.you_pay, cost(amount)),
      )}
      <fieldset class="stack" ?disabled=${fixed}><legend class="unseen">${manage.you_pay}</legend>
        ${(["debit", "transfer"] as const).map((one) => html`<label class="choice">
          <input type="radio" name="how" .checked=${this.channel === one} @change=${() => (this.channel = one)} />${manage[one]}</label>`)}
      </fieldset>
      ${primary(at === "sending" ? manage.sending : at === "dark" ? again : manage.pay(cost(amount)), this.#send, at === "sending")}
      ${secondary(manage.not_now, this.#leave, at === "sending")}
    </section>`;
  }

  #field(fixed: boolean): TemplateResult {
    const { words: { manage }, cost, plain } = this.said;
    const heard = (event: InputEvent) => (this.text = (event.target as HTMLInputElement).value);
    return html`<label class="field">${manage.amount}
        <input class="figure middle" inputmode="decimal" autocomplete="off" maxlength="20" .value=${this.text ?? (this.sum ? plain(this.sum as number) : "")}
          ?readonly=${fixed} @input=${heard} aria-invalid=${this.wrong} aria-describedby="most" /></label>
      <small id="most" aria-live="polite" class=${this.wrong ? "wrong" : ""}>${manage.most(cost(this.payoff.amount))}</small>`;
  }
}
