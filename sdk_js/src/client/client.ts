/**
 * What the frames need of the gateway: a session's secret opens it, everything else is a typed call. `headless.ts` adds
 * what pages of one's own need. Every call raises Problem, and takes a signal to give it up.
 */
import type { components } from "./api.js";
import { Problem } from "./problem.js";
import { follow, type Following } from "./stream.js";
import { Transport, type Wanted } from "./transport.js";

export { Problem } from "./problem.js";
export type { Following, Told } from "./stream.js";
export type { Wanted } from "./transport.js";
export type Schemas = components["schemas"];
export type Summary = Schemas["SummaryView"];
export type Offer = Schemas["CurrentOffer"];
export type Quote = Schemas["QuoteView"];
export type Drawdown = Schemas["DrawdownView"];
export type Payoff = Schemas["PayoffView"];
export type Repayment = Schemas["RepaymentView"];

/** Who a token speaks for, and until when it does. */
export type Opened = Schemas["Opened"];

export interface ClientOptions {
  /** The gateway's origin. */
  gateway: string;
  /**
   * Asks the partner's own server for a session, as `load`'s does. With it the client opens itself: before the first
   * call, shortly before its token ends, and when the gateway no longer knows the token.
   */
  fetchSession?: () => Promise<{ client_secret: string }>;
  /** The server's time in milliseconds, where the page's clock cannot be trusted. */
  now?: () => number;
}

/** The same key for each try of one act: a second try is never a second loan. */
export const newKey = (): string => crypto.randomUUID();

const RENEW_BEFORE_MS = 30_000;
const UNAUTHORIZED = 401;
/** What every call takes: a signal that gives it up. */
export type Giving = Pick<Wanted, "signal">;

export class Client {
  readonly #transport: Transport;
  readonly #fetchSession?: ClientOptions["fetchSession"];
  #opened?: Opened;
  #until_ms = 0;
  #opening?: Promise<Opened>;

  constructor({ gateway, fetchSession, now = Date.now }: ClientOptions) {
    this.#transport = new Transport(gateway, now);
    this.#fetchSession = fetchSession;
  }

  /**
   * Exchange a session's secret for a token, which replaces the one before. It is sent once: a secret that comes a
   * second time ends the token it brought.
   */
  async open(client_secret: string): Promise<Opened> {
    this.#opened = undefined;
    const asked_ms = performance.now();
    const answer = await this.#transport.send("POST", "/widget/v1/token", { body: { client_secret }, once: true });
    const opened = (await answer.json()) as Opened;
    this.#until_ms = asked_ms + opened.expires_in * 1_000;
    this.#opened = opened;
    return opened;
  }

  /** Forget the token. */
  close(): void {
    this.#opened = undefined;
  }

  /** Whom the token speaks for. Raises Problem `session_ended` before `open`, and after `close`. */
  get merchant_id(): string {
    if (!this.#opened) throw new Problem(0, "session_ended", "The session has ended");
    return this.#opened.merchant_id;
  }

  /** All that a widget shows at a glance. */
  summary(giving: Giving = {}): Promise<Summary> {
    return this.shops("GET", "/summary", giving);
  }

  /** Note that the offer was shown to the merchant. */
  delivered(offer_id: string, giving: Giving = {}): Promise<Schemas["OfferView"]> {
    return this.json("POST", `/v1/offers/${of(offer_id)}/deliver`, giving);
  }

  quote(wanted: Schemas["NewQuote"], giving: Giving = {}): Promise<Quote> {
    return this.json("POST", "/v1/quotes", { body: wanted, key: newKey(), ...giving });
  }

  /**
   * The merchant's click on a quote. `key` is the quote's own, the same for each try. Only in the gateway's own frame
   * is it a click; asked by any other page the drawdown's `required_action` says where the merchant confirms.
   */
  confirm(quote: Pick<Quote, "id" | "terms_hash">, key: string, giving: Giving = {}): Promise<Drawdown> {
    const body = { quote_id: quote.id, terms_hash: quote.terms_hash };
    return this.json("POST", "/v1/drawdowns", { body, key, ...giving });
  }

  drawdown(id: string, giving: Giving = {}): Promise<Drawdown> {
    return this.json("GET", `/v1/drawdowns/${of(id)}`, giving);
  }

  /** A page of the shop's drawdowns, oldest first; those that ended stay. */
  drawdowns(cursor?: string, giving: Giving = {}): Promise<Schemas["DrawdownViewPage"]> {
    return this.shops("GET", `/drawdowns${page(cursor)}`, giving);
  }

  /** Take back what was proposed and not confirmed. */
  cancel(id: string, giving: Giving = {}): Promise<Drawdown> {
    return this.json("POST", `/v1/drawdowns/${of(id)}/cancel`, giving);
  }

  /** What clears a drawdown today. */
  payoff(drawdown_id: string, giving: Giving = {}): Promise<Payoff> {
    return this.json("GET", `/v1/drawdowns/${of(drawdown_id)}/payoff`, giving);
  }

  /** Pay early. `key` is the same for each try of one payment. */
  pay(drawdown_id: string, wanted: Schemas["NewRepayment"], key: string, giving: Giving = {}): Promise<Repayment> {
    return this.json("POST", `/v1/drawdowns/${of(drawdown_id)}/repayments`, { body: wanted, key, ...giving });
  }

  /** Follow what happens to the shop until the signal says no more; resumes by itself, with back-off. */
  follow(following: Following): Promise<void> {
    const { signal } = following;
    return follow((headers) => this.request("GET", "/widget/v1/stream", { headers, signal, endless: true }), following);
  }

  /** One request under the token, for what has no call of its own. Raises Problem, with status 0 without an answer. */
  async request(method: string, path: string, wanted: Wanted = {}): Promise<Response> {
    const opened = await this.#ready();
    try {
      return await this.#transport.send(method, path, wanted, opened?.access_token);
    } catch (error) {
      const ended = error instanceof Problem && error.status === UNAUTHORIZED && opened !== undefined;
      if (!ended || !this.#fetchSession) throw error;
      if (this.#opened === opened) this.#opened = undefined;
      return this.#transport.send(method, path, wanted, (await this.#ready())?.access_token);
    }
  }

  /** The token to use: a fresh one where there is none or it ends soon, got once for all who wait. */
  async #ready(): Promise<Opened | undefined> {
    const fetchSession = this.#fetchSession;
    if (!fetchSession || (this.#opened && performance.now() < this.#until_ms - RENEW_BEFORE_MS)) return this.#opened;
    this.#opening ??= fetchSession()
      .then(({ client_secret }) => this.open(client_secret))
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  /** A call about the shop the token speaks for. */
  protected async shops<Answer>(method: string, path: string, wanted: Wanted): Promise<Answer> {
    await this.#ready();
    return this.json(method, `/v1/merchants/${this.merchant_id}${path}`, wanted);
  }

  /** A call, and its answer. */
  protected async json<Answer>(method: string, path: string, wanted: Wanted): Promise<Answer> {
    const answer = await this.request(method, path, wanted);
    return (await answer.json()) as Answer;
  }
}

export const of = encodeURIComponent;
export const page = (cursor?: string): string => (cursor === undefined ? "" : `?cursor=${of(cursor)}`);
