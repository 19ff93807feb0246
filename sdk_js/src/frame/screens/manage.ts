import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type Drawdown, newKey, type Payoff, type Problem } from "../../client/client.js";
import { left, mayPause, notices, out } from "../model/loan.js";
import type { Sum } from "../model/paying.js";
import type { Progress } from "../model/progress.js";
import { allLoans, askPause, progressOf, statement } from "../model/reads.js";
import { icon } from "../parts/icons.js";
import { type Acts, badges, halves, payOff, sums, told } from "../parts/loan.js";
import { bones, type Content, disclosed, figure, header, quiet, secondary, trouble } from "../parts/parts.js";
import { chart, dayTable, likely } from "../parts/progress.js";
import { style } from "../style.js";
import "./consents.js";
import { manageStyle } from "./manage.style.js";
import { Pay } from "./pay.js";
import { Screen } from "./screen.js";

customElements.define("restock-pay", Pay);

/** What was read of one loan. */
interface Read {
  id: string;
  progress?: Progress;
  payoff?: Payoff;
}

/** What is owed and how it comes back; paying early, asking for a pause, the statement, and what was agreed to. */
export class ManageScreen extends Screen {
  static override styles = [style, manageStyle];
  static override properties = {
    ...Screen.properties, chosen: { state: true }, read: { state: true }, ended: { state: true }, failed: { state: true },
    paying: { state: true }, all: { state: true }, width: { state: true }, permissions: { state: true },
  };
  /** Which loan is shown, where there are several. */
  declare chosen?: string;
  declare read?: Read;
  declare ended: Drawdown[];
  declare failed?: Problem;
  /** What is being paid, and the figures it was opened with: they do not change under the merchant's finger. */
  declare paying?: { sum: Sum; payoff: Payoff };
  /** Whether all days are shown. */
  declare all: boolean;
  declare width: number;
  declare permissions: boolean;
  /** What the button said that opened the payment: it is drawn anew meanwhile. */
  #opener?: string | null;
  /** Of the request for a pause: one until it is answered, however often it is pressed. */
  #key = newKey();

  constructor() {
    super();
    this.width = 320;
    this.ended = [];
    new ResizeObserver(([entry]) => (this.width = Math.floor(entry!.contentRect.width))).observe(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("summary") || changed.has("chosen")) void this.#load();
  }

  get #loans(): Drawdown[] {
    return this.summary.drawdowns ?? [];
  }

  /** The loan on the screen: the chosen one, or the only one. */
  #shown(): Drawdown | undefined {
    const { chosen } = this;
    return chosen ? [...this.#loans, ...this.ended].find((one) => one.id === chosen) : this.#loans.length === 1 ? this.#loans[0] : undefined;
  }

  #load = (): Promise<void> =>
    this.#trying(async () => {
      const { client } = this.shop;
      const loan = this.#shown();
      if (!this.#loans.length) this.ended = (await allLoans(client)).filter(out);
      if (!loan || !out(loan)) return;
      const { id, state } = loan;
      const [progress, payoff] = await Promise.allSettled([progressOf(client, id), state === "active" ? client.payoff(id) : undefined]);
      const found = <Value>(one: PromiseSettledResult<Value>) => one.status === "fulfilled" ? one.value : undefined;
      this.read = { id, progress: found(progress), payoff: found(payoff) };
      for (const one of [progress, payoff]) if (one.status === "rejected") throw one.reason;
    });

  async #trying(what: () => Promise<void>): Promise<void> {
    try {
      await what();
      this.failed = undefined;
    } catch (error) {
      this.failed = error as Problem;
    }
  }

  #choose(id?: string): void {
    this.chosen = id;
    this.paying = undefined;
    this.all = false;
    this.shop.happened("step", { name: id ? "loan" : "loans" });
  }

  #paid = (): void => {
    this.paying = undefined;
    void this.updateComplete.then(() => [...this.renderRoot.querySelectorAll("button")].find((one) => one.textContent === this.#opener)?.focus());
  };

  #acts = (loan: Drawdown): Acts => ({
    pay: (sum) => {
      this.#opener = this.renderRoot.activeElement?.textContent;
      void this.#trying(async () => {
        this.paying = { sum, payoff: await this.shop.client.payoff(loan.id) };
      });
    },
    pause: mayPause(loan)
      ? () => void this.#trying(async () => {
          await askPause(this.shop.client, loan.id, this.#key);
          this.#key = newKey();
          await this.shop.refresh();
        })
      : undefined,
    back: () => void this.shop.refresh(),
  });

  /** The frame's own policy lets no strange page in: the statement is a file, made here from what the gateway says. */
  #save = (id: string, kind: "html" | "csv") => (): void =>
    void this.#trying(async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await statement(this.shop.client, id, kind, this.said.locale.slice(0, 2)));
      link.download = `${id}.${kind}`;
      link.click();
    });

  override render(): TemplateResult {
    const { shop, summary, said, permissions } = this;
    const { manage } = said.words;
    if (permissions) {
      return html`<restock-consents-screen .shop=${shop} .summary=${summary} .said=${said} .back=${() => (this.permissions = false)}></restock-consents-screen>`;
    }
    const loan = this.#shown();
    const [last] = this.ended;
    if (loan) return this.#loan(loan);
    if (this.#loans.length) {
      return html`<article class="card">${header(said)}
        <div class="stack"><p class="soft">${manage.left}</p>${figure(said, this.#loans.reduce((sum, one) => sum + left(one), 0), "large", false)}${this.#rows(this.#loans)}</div>
        <div>${this.#more()}</div></article>`;
    }
    return html`<article class="card">
      <div class="center">${icon("weight")}<h2>${manage.nothing}</h2><p class="soft">${last ? manage.last(said.date(last.state_at)) : manage.never}</p></div>
      <div class="stack">${this.#fault()}${this.#more(last)}${this.ended.length > 1 ? disclosed(manage.loans, this.#rows(this.ended)) : nothing}</div></article>`;
  }

  #loan(loan: Drawdown): TemplateResult {
    const { said, summary, paying } = this;
    const read = this.read?.id === loan.id ? this.read : undefined;
    const acts = this.#acts(loan);
    const { payoff, progress } = read ?? {};
    return html`<article class="card">
      ${header(said, badges(said, loan))}
      <div class="loan">
        <div>
          ${this.chosen ? html`<div>${quiet(said.words.manage.back, () => this.#choose())}</div>` : nothing}
          ${sums(said, loan)}
          ${paying
            ? html`<restock-pay .shop=${this.shop} .said=${said} .loan=${loan} .payoff=${paying.payoff} .sum=${paying.sum} @done=${this.#paid}></restock-pay>`
            : notices(loan, summary.required_actions).map((one) => told(said, loan, one, acts))}
          ${halves(said, loan, progress?.days[0], summary.today_on)}
        </div>
        ${out(loan) ? html`<div class="flow">${progress ? this.#flow(loan, progress) : this.failed ? nothing : bones(said.words.loading, "half", "chart", "half")}</div>` : nothing}
        <div><div class="stack">${this.#fault()}${payoff && !paying ? payOff(said, payoff, acts) : nothing}${this.#more(out(loan) ? loan : undefined)}</div></div>
      </div>
    </article>`;
  }

  #flow(loan: Drawdown, progress: Progress): Content {
    const { said, width, summary } = this;
    const pad = width < 360 ? 16 : 20;
    return html`<section>
        <div class="row between"><h3>${said.words.manage.line}</h3>${loan.state === "active" ? html`<small>${likely(said, progress)}</small>` : nothing}</div>
        ${chart(said, progress, loan.total_amount, summary.today_on, Math.floor(width < 720 ? width : width / 2) - 2 * pad - 2)}
      </section>
      <section><h3>${said.words.manage.days}</h3>${dayTable(said, progress.days, this.all, () => (this.all = true))}</section>`;
  }

  /** What stands at the end of each card: the statement of `loan`, and what was agreed to. */
  #more(loan?: Drawdown): TemplateResult {
    const { manage } = this.said.words;
    return html`<div class="pair">${loan ? secondary(manage.statement, this.#save(loan.id, "html")) : nothing}
      ${secondary(manage.permissions, () => (this.permissions = true))}</div>
      ${loan ? html`<p class="note">${quiet("CSV", this.#save(loan.id, "csv"))}</p>` : nothing}`;
  }

  #fault(): Content {
    const { words } = this.said;
    if (!this.failed) return nothing;
    return trouble(this.said, ...words.manage.unread, this.failed.request_id, this.#load);
  }

  #rows(loans: readonly Drawdown[]): TemplateResult {
    const { said } = this;
    return html`<ul>${loans.map((loan) => html`<li><button class="one" @click=${() => this.#choose(loan.id)}>
      <span><b>${said.cost(left(loan) || loan.amount)}</b><small>${said.date(loan.active_on ?? loan.created_at)} · ${loan.bank.name}</small></span>
      ${badges(said, loan)}${icon("chevron")}</button></li>`)}</ul>`;
  }
}
customElements.define("restock-manage-screen", ManageScreen);
