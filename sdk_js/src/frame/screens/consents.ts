import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Problem, Schemas } from "../../client/client.js";
import { consentOf } from "../model/reads.js";
import { hosted } from "../parts/hosted.js";
import { icon } from "../parts/icons.js";
import { bones, type Content, header, line, lines, notice, quiet, trouble } from "../parts/parts.js";
import { style } from "../style.js";
import { Screen } from "./screen.js";

type Consent = Schemas["SessionConsent"];

const consentsStyle = css`
  .one { display: grid; grid-template-columns: 20px minmax(0, 1fr); gap: 0 12px; }
  .one > .icon { color: var(--petrol); margin-block-start: 2px; }
  .one > div { min-width: 0; }
`;

/** What the merchant agreed to, each line by itself, until when, and the page of the gateway's own where it is taken back. */
export class ConsentsScreen extends Screen {
  static override styles = [style, consentsStyle];
  static override properties = { ...Screen.properties, back: { attribute: false }, held: { state: true }, failed: { state: true }, asking: { state: true } };
  /** Where the merchant came from, if from another screen. */
  declare back?: () => void;
  declare held?: Consent;
  declare failed?: Problem;
  /** The merchant is back from the page where it may have changed anything. */
  declare asking: boolean;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("said");
    if (changed.has("summary") || (before && before.locale !== this.said.locale)) void this.#load();
  }

  #load = async (): Promise<void> => {
    try {
      this.held = await consentOf(this.shop.client, this.said.locale);
      this.failed = undefined;
    } catch (error) {
      this.failed = error as Problem;
    }
    this.asking = false;
  };

  #returned = (): void => {
    this.asking = true;
    void this.#load();
  };

  override render(): TemplateResult {
    const { said, back } = this;
    const { words } = said;
    return html`<article class="card">
      ${header(said, back ? quiet(words.consents.back, back) : nothing)}
      ${this.#body()}
    </article>`;
  }

  #body(): Content {
    const { held, said, failed } = this;
    const { words: { consents, loading, offline, offline_reason }, date } = said;
    const gone = failed && [401, 403, 404].includes(failed.status);
    if (gone) return html`<div>${notice("neutral", "lock", ...consents.none)}</div>`;
    if (failed) return html`<div class="stack">${trouble(said, offline, offline_reason, failed.request_id, () => void this.#load())}</div>`;
    if (!held) return html`<div>${bones(loading, "half", "chart", "press")}</div>`;
    return [
      html`<div><h3>${consents.permissions}</h3><p class="soft">${consents.given(held.client)}</p></div>`,
      held.lines.map(({ what, why, facts }) => html`<section class="one">${icon("check")}<div><h3>${what}</h3><p class="soft">${why}</p>
        ${facts.length ? lines(facts.map(({ name, value }) => line(name, value))) : nothing}</div></section>`),
      html`<div class="stack">
        ${this.asking ? notice("neutral", "clock", ...consents.asking) : nothing}
        ${lines(line(consents.until, date(held.until_on)))}
        ${hosted(consents.change, held.manage_url, this.#returned)}
        <p class="soft small-text">${consents.there}</p></div>`,
    ];
  }
}
customElements.define("restock-consents-screen", ConsentsScreen);
