import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Problem, type Schemas } from "../../client/client.js";
import { draw } from "../draw.js";
import { landmarks, scopeOf, settle, suggested } from "../model/amounts.js";
import { type Drawdown, flying, type Quote, type Summary } from "../model/summary.js";
import { moved, type OfferState, offerState } from "../model/standing.js";
import { changes, left, lifetime_ms, urgency } from "../model/terms.js";
import { meaning } from "../model/trying.js";
import { after, doubt } from "../parts/after.js";
import { amount } from "../parts/amount.js";
import { chart } from "../parts/chart.js";
import { icon } from "../parts/icons.js";
import { bones, chip, type Content, figure, header, notice, primary, quiet, secondary, trouble } from "../parts/parts.js";
import { lenders } from "../parts/lenders.js";
import { reasonOf, stopped } from "../parts/stopped.js";
import { terms } from "../parts/terms.js";
import { style } from "../style.js";
import { offerStyle } from "./offer.style.js";
import { Screen } from "./screen.js";

/** An amount has settled when it did not move for so long. */
const SETTLED_MS = 450;
const TICK_MS = 1_000;

/** The offer: limit, forecast, sum, what it costs, the click, and what became of it. */
export class OfferScreen extends Screen {
  static override styles = [style, offerStyle];
  static override properties = {
    ...Screen.properties,
    wanted: { state: true }, quote: { state: true }, current: { state: true }, former: { state: true }, phase: { state: true },
    trouble: { state: true }, refused: { state: true }, followed: { state: true }, decision: { state: true }, spoken: { state: true },
  };
  /** What the merchant chose; what is drawn below may still be the quote of another sum: then it is not `current`. */
  declare wanted?: number;
  declare quote?: Quote;
  declare current: boolean;
  /** The quote that was confirmed when its terms had changed. */
  declare former?: Quote;
  declare phase: "still" | "sending" | "doubt";
  declare trouble?: Problem;
  declare refused?: Problem;
  declare followed?: Drawdown;
  declare decision?: Schemas["DecisionView"];
  declare spoken: string;
  #programme_id?: string;
  #until = 0;
  #asking?: AbortController;
  #settling?: ReturnType<typeof setTimeout>;
  #ticking?: ReturnType<typeof setInterval>;
  #seen?: IntersectionObserver;
  #delivered?: string | null;
  #told = "";
  #paid?: string;
  #left?: string;

  constructor() {
    super();
    this.current = false;
    this.phase = "still";
    this.spoken = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    clearTimeout(this.#settling);
    this.#asking?.abort();
    this.#seen?.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("summary")) return;
    const state = offerState(this.summary);
    this.#tell(state);
    void this.#follow();
    if (state === "declined") void this.#why();
    if (state !== "open" || this.followed || this.phase !== "still") return;
    const scope = scopeOf(this.summary);
    const fitting = this.wanted === undefined ? suggested(this.summary) : settle(this.wanted, scope);
    if (fitting === this.wanted && this.quote && this.current) return;
    if (this.quote && fitting !== this.wanted) this.former = this.quote;
    this.wanted = fitting;
    void this.#ask();
  }

  /** The page hears of an offer once for each that is another one. */
  #tell(state: OfferState): void {
    const { offer, currency } = this.summary;
    const said = JSON.stringify([state, offer?.id, offer?.available_amount]);
    if (said === this.#told) return;
    this.#told = said;
    if (state === "none" && !this.summary.drawdowns?.length) this.shop.happened("empty", {});
    else if (offer) this.shop.happened("offer-loaded", { offer_id: offer.id, state: offer.state, available_amount: offer.available_amount, currency });
  }

  /** What was clicked is followed to its end, also where the click was another screen's or before a reload. */
  async #follow(): Promise<void> {
    const all = this.summary.drawdowns ?? [];
    const id = this.followed?.id ?? all.find(flying)?.id;
    if (!id || this.phase !== "still") return;
    const found = all.find((one) => one.id === id) ?? (await this.shop.client.drawdown(id).catch(() => this.followed));
    if (!found || this.#left === found.id) return;
    this.followed = { ...found, required_action: found.required_action ?? this.followed?.required_action ?? null };
    if (found.state === "active" && this.#paid !== id) this.shop.happened("paid", { drawdown_id: (this.#paid = id) });
  }

  async #why(): Promise<void> {
    const id = this.summary.offer?.decision_id;
    if (!id || this.decision?.id === id) return;
    const answer = await this.shop.client.request("GET", `/v1/decisions/${id}`).catch(() => undefined);
    this.decision = (await answer?.json()) as Schemas["DecisionView"] | undefined;
  }

  #choose = (wanted: number, programme_id = this.#programme_id): void => {
    if (wanted === this.wanted && programme_id === this.#programme_id) return;
    this.wanted = wanted;
    this.former = this.refused = undefined;
    this.#programme_id = programme_id;
    this.current = false;
    clearTimeout(this.#settling);
    this.#asking?.abort();
    this.#settling = setTimeout(() => void this.#ask(), SETTLED_MS);
  };

  /** Ask what the sum costs; an older question that is still open is given up. */
  async #ask(again = true): Promise<void> {
    clearTimeout(this.#settling);
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    const { offer, currency } = this.summary;
    if (!offer?.id || !this.wanted) return;
    this.current = false;
    this.trouble = undefined;
    try {
      const wanted = { offer_id: offer.id, amount: this.wanted, programme_id: this.#programme_id ?? null };
      const quote = await this.shop.client.quote(wanted, { signal });
      if (signal.aborted) return;
      this.quote = quote;
      this.current = true;
      this.#until = performance.now() + lifetime_ms(quote);
      this.spoken = this.said.words.quoted(this.said.cost(quote.total_amount), this.said.rate(quote.apr_bps));
      this.shop.happened("quote", { quote_id: quote.id, amount: quote.amount, currency });
    } catch (error) {
      if (signal.aborted || !(error instanceof Problem)) return;
      if (again && meaning(error) === "changed") {
        this.#programme_id = undefined;
        await this.shop.refresh();
        if (!signal.aborted && offerState(this.summary) === "open") {
          this.wanted = settle(this.wanted!, scopeOf(this.summary));
          await this.#ask(false);
        }
        return;
      }
      this.trouble = error;
      this.shop.happened("error", { code: error.code });
    }
  }

  /** The click. Nothing else is sent for this quote until it is known what became of it. */
  #confirm = async (): Promise<void> => {
    const quote = this.quote;
    if (!quote || !this.current || this.phase !== "still" || this.#rest <= 0) return;
    this.refused = undefined;
    if (!navigator.onLine) {
      this.refused = new Problem(0, "offline", "");
      return;
    }
    this.phase = "sending";
    const drawn = await draw(this.shop.client, quote, () => (this.phase = "doubt"));
    this.phase = "still";
    if ("drawdown" in drawn) {
      this.followed = drawn.drawdown;
      this.quote = this.former = undefined;
      this.shop.happened("confirmed", { drawdown_id: drawn.drawdown.id, state: drawn.drawdown.state });
      await this.shop.refresh();
      return;
    }
    this.shop.happened("error", { code: drawn.problem.code });
    if (drawn.meaning === "refused") this.refused = drawn.problem;
    else this.former = quote;
    this.current = drawn.meaning === "refused";
    await this.shop.refresh();
    if (!this.current && !this.followed) await this.#ask();
  };

  #leave = (): void => {
    this.#left = this.followed?.id;
    this.followed = this.quote = this.wanted = undefined;
    void this.shop.refresh();
  };

  #cancel = async (): Promise<void> => {
    await this.shop.client.cancel(this.followed!.id).catch(() => undefined);
    await this.shop.refresh();
  };

  get #rest(): number {
    return this.quote ? this.#until - performance.now() : 0;
  }

  #tick(): void {
    if (!this.quote || this.phase !== "still" || document.hidden) return;
    const how = urgency(this.#rest);
    if (how !== "calm") this.spoken = how === "soon" ? this.said.words.ends_soon : this.said.words.over;
    this.requestUpdate();
  }

  protected override updated(): void {
    const id = this.summary.offer?.id;
    const limit = this.renderRoot.querySelector(".limit");
    if (!limit || !id || this.#delivered === id) return;
    this.#seen?.disconnect();
    this.#seen = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting || document.hidden || this.#delivered === id) return;
      this.#delivered = id;
      void this.shop.client.delivered(id).catch(() => (this.#delivered = null));
    });
    this.#seen.observe(limit);
  }

  override render(): TemplateResult {
    const { said, followed } = this;
    const summary = this.summary;
    if (this.phase === "doubt" && this.quote) {
      return html`<div class="card">${header(said)}<section class="stack">${doubt(said, this.quote.amount, this.quote.bank.name)}</section></div>`;
    }
    if (followed) {
      const step = summary.required_actions.find(({ drawdown_id, url }) => url && drawdown_id === followed.id);
      const url = followed.required_action?.url ?? step?.url ?? followed.confirmation_url;
      const manage = () => this.shop.happened("step", { name: "manage" });
      return after(said, followed, { url, cancel: () => void this.#cancel(), leave: this.#leave, manage });
    }
    const state = offerState(summary);
    const as_of = summary.data_as_of ? this.#asOf(summary.data_as_of) : nothing;
    const late = summary.drawdowns?.find(({ past_due_amount }) => past_due_amount > 0);
    return html`<div class="card">${header(said, as_of)}
      ${late ? html`<section class="stack">${notice("brick", "warn", said.words.late(said.cost(late.past_due_amount), late.past_due_days), said.words.late_body)}
        ${secondary(said.words.see_loan, () => this.shop.happened("step", { name: "manage" }))}</section>` : nothing}
      ${state === "open" ? this.#open(summary) : stopped(said, summary, state, this.decision)}
    </div>`;
  }

  #asOf(at: string): string {
    const { words, day, minute } = this.said;
    return this.said.local(at) === this.summary.today_on ? words.as_of(minute(at)) : words.as_of_day(day(at));
  }

  #open(summary: Summary): TemplateResult {
    const { said } = this;
    const move = moved(summary.offer!);
    const reason = move?.reason ? reasonOf(said, move.reason) : "";
    const why = move && !move.up && summary.drawdowns?.length ? said.words.because_unchanged(reason) : reason && said.words.because(reason);
    const total = this.quote && this.current ? said.cost(this.quote.total_amount) : "";
    return html`<div class="columns"><div>
      <section class="limit"><p class="soft">${said.words.limit}</p>${figure(said, summary.offer!.available_amount, "large")}
        ${move ? html`<p class="row">${chip(move.up, (move.up ? said.words.up : said.words.down)(said.limit(move.amount)))}<span class="soft">${why}</span></p>` : nothing}
      </section>
      ${summary.forecast ? chart(said, summary) : nothing}
      ${amount(said, {
        ...scopeOf(summary), amount: this.wanted!, landmarks: landmarks(summary), off: this.phase !== "still",
        spoken: said.words.spoken(said.limit(this.wanted!), total), choose: (wanted) => this.#choose(wanted),
      })}
    </div><div><section class="stack terms">${this.#costs(summary)}</section></div></div>
    <p class="unseen" role="status">${this.spoken}</p>`;
  }

  #costs(summary: Summary): Content {
    const { said, quote, former: before, refused } = this;
    const { words } = said;
    if (this.trouble) return trouble(said, words.no_quote, words.nothing_borrowed, this.trouble.request_id, () => void this.#ask());
    if (!quote) return bones(words.costs, "half", "line", "line", "figure", "line", "line", "line", "line", "press");
    const rest = this.#rest;
    const how = urgency(rest);
    const sum = said.limit(quote.amount);
    const approved = summary.offer?.commitment === "bank_approved";
    const word = before ? words.confirm_new(sum) : (approved ? words.confirm : words.apply)(sum, quote.bank.name);
    const fewer = before && before.amount > (summary.offer?.available_amount ?? 0);
    const account = summary.payout_account_ending;
    const [start, title, end] = words.agreement(summary.agreement?.version ?? quote.terms_version);
    const url = summary.agreement?.url;
    return [
      before ? notice("brass", "warn", words.changed, fewer ? words.changed_limit(said.limit(summary.offer!.available_amount)) : words.changed_body, true) : nothing,
      refused ? trouble(said, refused.code === "bank_unavailable" || !refused.status ? words.error : words.nothing_borrowed, refused.detail, refused.request_id, this.#confirm) : nothing,
      html`<div class="row between"><h3>${words.costs}</h3><span class="held ${how}">${icon("clock")}${how === "over" ? words.over : words.held(left(rest))}
        ${how === "soon" ? quiet(words.renew, () => void this.#ask()) : nothing}</span></div>`,
      html`<div class=${this.current ? "" : "waiting"} aria-busy=${!this.current}>
        ${terms(said, quote, before, changes(before, quote), lenders(said, summary, quote, (programme_id, most) => this.#choose(Math.min(this.wanted!, most), programme_id)))}</div>`,
      html`<div class="press">${how === "over" ? primary(words.requote, () => void this.#ask()) : primary(this.phase === "sending" ? words.sending : word, () => void this.#confirm(), !this.current || this.phase !== "still")}</div>`,
      html`<p class="soft">${start}${url ? html`<a class="link" href=${url} target="_blank" rel="noopener">${title}</a>` : title}${end}${account ? words.account(account) : nothing}</p>`,
      html`<p class="soft">${words.no_need}</p>`,
    ];
  }
}
customElements.define("restock-offer-screen", OfferScreen);
