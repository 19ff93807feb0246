/** The gateway for a page of one's own: all that a widget's token may do. */
import { Client as Framed, type Giving, type Offer, of, page, type Schemas } from "./client.js";

export { newKey, Problem } from "./client.js";
export type { ClientOptions, Drawdown, Following, Giving, Offer, Opened, Payoff, Quote, Repayment, Schemas, Summary, Told, Wanted } from "./client.js";

export class Client extends Framed {
  /** The offer alone. Raises Problem `not_found` where there is none. */
  offer(giving: Giving = {}): Promise<Offer> {
    return this.shops("GET", "/offer", giving);
  }

  /** A page of a drawdown's repayments, oldest first. */
  repayments(drawdown_id: string, cursor?: string, giving: Giving = {}): Promise<Schemas["RepaymentViewPage"]> {
    return this.json("GET", `/v1/drawdowns/${of(drawdown_id)}/repayments${page(cursor)}`, giving);
  }

  /** How a loan comes along: plan, what was paid, the way ahead, and each day's share. */
  progress(drawdown_id: string, giving: Giving = {}): Promise<Schemas["Progress"]> {
    return this.json("GET", `/v1/drawdowns/${of(drawdown_id)}/progress`, giving);
  }

  /** The statement of a drawdown, in the words of `locale`. */
  statement(drawdown_id: string, locale: string, giving: Giving = {}): Promise<Schemas["StatementView"]> {
    return this.json("GET", `/v1/drawdowns/${of(drawdown_id)}/statement?locale=${of(locale)}`, giving);
  }

  /** Ask for a pause, which officers decide. `key` is the same for each try of one wish. */
  arrange(drawdown_id: string, wanted: Schemas["NewArrangement"], key: string, giving: Giving = {}): Promise<Schemas["ArrangementView"]> {
    return this.json("POST", `/v1/drawdowns/${of(drawdown_id)}/arrangements`, { body: wanted, key, ...giving });
  }

  /** What the merchant agreed to, in the words of `locale`, and where to change it. */
  consents(locale: string, giving: Giving = {}): Promise<Schemas["SessionConsent"]> {
    return this.json("GET", `/widget/v1/consents?locale=${of(locale)}`, giving);
  }
}
