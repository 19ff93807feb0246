import { html, nothing, type TemplateResult } from "lit";
import type { Quote } from "../model/summary.js";
import type { Term } from "../model/terms.js";
import type { Said } from "../said.js";
import { type Content, disclosed, line, lines, tag, total } from "./parts.js";

/** What the bank asks for; what reads otherwise than `before` says so. `others`: what stands below the lender. */
export function terms(said: Said, quote: Quote, before: Quote | undefined, changed: ReadonlySet<Term>, others: Content): TemplateResult {
  const { words, cost, date, rate } = said;
  const mark = (term: Term, value: string, was: (old: Quote) => string): Content =>
    before && changed.has(term) ? [tag("brass", "warn", words.was(was(before))), " ", html`<span class="whole">${value}</span>`] : value;
  const of = (term: Exclude<Term, "bank">, format: (value: never) => string) =>
    mark(term, format(quote[term] as never), (old) => format(old[term] as never));
  const { assumptions, payoff_from_on: from, payoff_to_on: to } = quote;
  return lines(
    line(words.receive, of("amount", cost)),
    line(words.fee, of("fee_amount", cost)),
    total(words.total, of("total_amount", cost)),
    line(words.each_day, of("withhold_bps", (bps: number) => words.share(rate(bps))), words.about(cost(assumptions.daily_repayment_amount))),
    line(words.minimum(quote.interval_days), of("minimum_amount", cost)),
    line(words.payoff, of("estimated_payoff_on", date), from && to ? words.range(said.day(from), said.day(to)) : nothing),
    line(words.latest, of("final_due_on", date)),
    line(
      words.apr,
      of("apr_bps", rate),
      disclosed(words.how, html`<p>${words.apr_how(cost(assumptions.daily_repayment_amount), said.about(assumptions.median_sales_30d_amount), rate(quote.all_in_cap_bps))}</p>`),
    ),
    line(words.lender, mark("bank", quote.bank.name, ({ bank }) => bank.name), others),
  );
}
