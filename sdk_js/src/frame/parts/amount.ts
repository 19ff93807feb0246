import { html, svg, type TemplateResult } from "lit";
import type { Landmark, Scope } from "../model/amounts.js";
import { settle, typed } from "../model/amounts.js";
import { share, spacing, stars } from "../model/beam.js";
import type { Said } from "../said.js";
import { scale } from "./beam.js";
import { icon, weight } from "./icons.js";

/** A sum to choose: by − and +, typed, by moving the weight along its beam, or one of the landmarks. */
export interface Choice extends Scope {
  amount: number;
  landmarks: readonly Landmark[];
  /** What the sum comes to, for who cannot see it; empty while it is not known. */
  spoken: string;
  off: boolean;
  choose: (amount: number) => void;
}

export function amount(said: Said, choice: Choice): TemplateResult {
  const { words, unit } = said;
  const { least, most, step } = choice;
  const at = share(choice.amount, least, most);
  const { sign, digits } = said.parts(choice.amount, true);
  const choose = (wanted: number) => choice.choose(settle(wanted, choice));
  const type = ({ currentTarget }: Event) => {
    const field = currentTarget as HTMLInputElement;
    const wanted = typed(field.value, unit);
    if (Number.isFinite(wanted)) choose(wanted);
    field.value = said.parts(Number.isFinite(wanted) ? settle(wanted, choice) : choice.amount, true).digits;
  };
  const press = (by: number, word: string) => html`<button class="step" type="button" aria-label=${word} ?disabled=${choice.off}
    @click=${() => choose(choice.amount + by)}>${icon(by < 0 ? "minus" : "plus")}</button>`;
  return html`<section class="stack amount">
    <h3 id="amount">${words.how_much}</h3>
    <div class="sum">
      ${press(-step, words.less)}
      <label class="typed figure middle"><span class="sign" aria-hidden="true">${sign}</span><input inputmode="decimal" autocomplete="off" aria-label=${words.sum}
        size=${digits.length} .value=${digits} ?disabled=${choice.off} @change=${type} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} /></label>
      ${press(step, words.more)}
    </div>
    <div class="slider">
      <input type="range" min=${least} max=${most} step=${step} .value=${String(choice.amount)} ?disabled=${choice.off} aria-labelledby="amount"
        aria-valuetext=${choice.spoken} @input=${(event: Event) => choose(Number((event.target as HTMLInputElement).value))} />
      <svg aria-hidden="true"><svg y="18" overflow="visible">${scale(stars(least, most, spacing(most, unit)), at)}
        <svg x="${at}%" overflow="visible"><g class="weight"><rect class="ring" x="-20" y="-22" width="40" height="44" rx="8" />${svg`<g class="edge">${weight}</g>`}</g></svg>
      </svg></svg>
    </div>
    <div class="landmarks">${choice.landmarks.map(
      (one) => html`<button type="button" aria-pressed=${one.amount === choice.amount} ?disabled=${choice.off} @click=${() => choose(one.amount)}>
        <span>${words.landmark[one.kind]}</span><b>${said.limit(one.amount)}</b></button>`,
    )}</div>
  </section>`;
}
