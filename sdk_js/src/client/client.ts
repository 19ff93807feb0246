/**
 * The gateway for a page of one's own: a session's secret opens it, everything else is a typed call. The frame inside
 * the elements uses it as well. Nothing is stored, no cookie is sent.
 */
import type { Component } from "../protocol.js";
import type { components } from "./api.js";
import { type Prove, prover } from "./dpop.js";
import { Problem, problemOf } from "./problem.js";

export { Problem } from "./problem.js";
export type Schemas = components["schemas"];
export type Summary = Schemas["SummaryView"];
export type Offer = Schemas["CurrentOffer"];
export type Quote = Schemas["QuoteView"];
export type Drawdown = Schemas["DrawdownView"];
export type Payoff = Schemas["PayoffView"];
export type Repayment = Schemas["RepaymentView"];

/** Who a token speaks for, and until when it does. */
export interface Opened {
  access_token: string;
  expires_in: number;
  merchant_id: string;
  components: Component[];
}

export interface ClientOptions {
  /** The gateway's origin. */
  gateway: string;
  /** The server's time in milliseconds, where the page's clock cannot be trusted. */
  now?: () => number;
}

/** The same key for each try of one act: a second try is never a second loan. */
export const newKey = (): string => crypto.randomUUID();

export class Client {
  readonly #gateway: string;
  readonly #prove: Promise<Prove>;
  #nonce?: string;
  #opened?: Opened;

  constructor({ gateway, now = Date.now }: ClientOptions) {
    this.#gateway = gateway;
    this.#prove = prover(now);
  }

  /** Exchange a session's secret for a token, which replaces the one before. Raises Problem. */
  async open(client_secret: string): Promise<Opened> {
    this.#opened = undefined;
    this.#opened = await this.#json<Opened>("POST", "/widget/v1/token", { client_secret });
    return this.#opened;
  }

  /** Forget the token. */
  close(): void {
    this.#opened = undefined;
  }

  get merchant_id(): string {
    if (!this.#opened) throw new Problem(0, "session_ended", "The session has ended");
    return this.#opened.merchant_id;
  }

  summary(): Promise<Summary> {
    return this.#json("GET", `/v1/merchants/${this.merchant_id}/summary`);
  }

  /** Note that the offer was shown to the merchant. */
  delivered(offer_id: string): Promise<unknown> {
    return this.#json("POST", `/v1/offers/${offer_id}/deliver`);
  }

  quote(wanted: Schemas["NewQuote"]): Promise<Quote> {
    return this.#json("POST", "/v1/quotes", wanted, newKey());
  }

  /** The merchant's click on a quote. `key` is the quote's own: the same for each try. */
  confirm(quote: Quote, key: string): Promise<Drawdown> {
    return this.#json("POST", "/v1/drawdowns", { quote_id: quote.id, terms_hash: quote.terms_hash }, key);
  }

  drawdown(id: string): Promise<Drawdown> {
    return this.#json("GET", `/v1/drawdowns/${id}`);
  }

  payoff(drawdown_id: string): Promise<Payoff> {
    return this.#json("GET", `/v1/drawdowns/${drawdown_id}/payoff`);
  }

  pay(drawdown_id: string, wanted: Schemas["NewRepayment"], key: string): Promise<Repayment> {
    return this.#json("POST", `/v1/drawdowns/${drawdown_id}/repayments`, wanted, key);
  }

  /** One request under the token. Raises Problem, also when there is no answer (status 0). */
  async request(method: string, path: string, init: { body?: unknown; key?: string; accept?: string; signal?: AbortSignal; headers?: Record<string, string> } = {}): Promise<Response> {
    const url = this.#gateway + path;
    for (let attempt = 1; ; attempt += 1) {
      const token = this.#opened?.access_token;
      const headers: Record<string, string> = { ...init.headers, DPoP: await (await this.#prove)(method, url, this.#nonce, token) };
      if (token) headers.Authorization = `DPoP ${token}`;
      if (init.body !== undefined) headers["Content-Type"] = "application/json";
      if (init.key) headers["Idempotency-Key"] = init.key;
      if (init.accept) headers.Accept = init.accept;
      const answer = await fetch(url, {
        method,
        headers,
        body: init.body === undefined ? undefined : JSON.stringify(init.body),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        signal: init.signal,
      }).catch((error: unknown) => {
        throw new Problem(0, "unreachable", String(error));
      });
      const asked = answer.headers.get("DPoP-Nonce");
      this.#nonce = asked ?? this.#nonce;
      if (answer.ok) return answer;
      if (!asked || attempt > 1) throw await problemOf(answer);
    }
  }

  async #json<Answer>(method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
    const answer = await this.request(method, path, { body, key });
    return (await answer.json()) as Answer;
  }
}
