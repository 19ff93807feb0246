import { html, nothing } from "lit";
import type { Summary, Quote } from "../model/summary.js";
import type { Said } from "../said.js";
import { type Content, disclosed, quiet } from "./parts.js";

/** The other lenders that offer now, each to be asked instead; nothing where there is none. */
export function lenders(said: Said, summary: Summary, quote: Quote, choose: (programme_id: string, most: number) => void): Content {
  const { words } = said;
  const offer = summary.offer!;
  const own = { programme_id: offer.lender.programme_id, name: summary.lender?.name ?? "", most: offer.available_amount, fee_bps: null };
  const all = [
    own,
    ...offer.alternatives
      .filter(({ fee_bps, available_amount }) => fee_bps !== null && available_amount > 0)
      .map(({ lender, available_amount, fee_bps }) => ({ programme_id: lender.programme_id, name: nameOf(lender), most: available_amount, fee_bps })),
  ].filter(({ programme_id }) => programme_id !== quote.programme_id);
  if (!all.length) return nothing;
  return disclosed(
    words.others(all.length),
    html`<ul>${all.map(
      ({ programme_id, name, most, fee_bps }) => html`<li>${fee_bps === null ? nothing : html`<small>${name}: ${words.other(said.rate(fee_bps), said.limit(most))}</small>`}
        ${quiet(words.choose(name), () => choose(programme_id, most))}</li>`,
    )}</ul>`,
  );
}

const nameOf = (lender: { bank_id: string; bank_name?: string; lender_name?: string }): string => lender.lender_name ?? lender.bank_name ?? lender.bank_id;
