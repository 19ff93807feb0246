import { html, LitElement, type PropertyValues } from "lit";
import { Client, Problem, type Summary } from "../client/client.js";
import type { Component, Happening, Happenings, Look, ToFrame } from "../protocol.js";
import { dress, tokens } from "./look.js";
import type { HostPage } from "./page.js";
import { icon } from "./parts/icons.js";
import { said } from "./said.js";
import { ConsentsScreen } from "./screens/consents.js";
import { ManageScreen } from "./screens/manage.js";
import { OfferScreen } from "./screens/offer.js";
import type { Shop } from "./screens/screen.js";
import { TileScreen } from "./screens/tile.js";
import { style } from "./style.js";
import { WORDS } from "./words/words.js";

const SCREENS = { tile: TileScreen, offer: OfferScreen, manage: ManageScreen, consents: ConsentsScreen };
for (const [name, screen] of Object.entries(SCREENS)) customElements.define(`restock-${name}-screen`, screen);

const RENEW_BEFORE_MS = 30_000;
const GATHER_MS = 150;

/** The frame: keeps the session and the summary, and shows the screen of the component it was opened for. */
export class App extends LitElement implements Shop {
  static override styles = [tokens, style];
  static override properties = { summary: { state: true }, failed: { state: true }, look: { state: true } };
  declare summary?: Summary;
  declare failed?: Problem;
  declare look: Look;
  page!: HostPage;
  client!: Client;
  #component: Component = "tile";
  #timers: ReturnType<typeof setTimeout>[] = [];
  #stream?: AbortController;
  #gathering?: ReturnType<typeof setTimeout>;

  constructor() {
    super();
    this.look = { locale: document.documentElement.lang.startsWith("zh") ? "zh-CN" : "en", theme: {} };
    new ResizeObserver(() => this.page.tell({ type: "size", height: Math.ceil(this.offsetHeight) })).observe(this);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.requestUpdate());
  }

  /** What the page asks for. */
  hear(asked: ToFrame): void {
    this.look = { locale: asked.locale === "zh-CN" ? "zh-CN" : "en", theme: asked.theme ?? {} };
    if (asked.type === "open") void this.#open(asked.client_secret, asked.component);
  }

  async #open(client_secret: string, component: Component): Promise<void> {
    const first = !this.summary;
    try {
      const opened = await this.client.open(client_secret);
      if (!opened.components.includes(component)) throw new Problem(0, "component_not_in_session", component);
      this.#component = component;
      this.#timers.forEach(clearTimeout);
      const lasts_ms = opened.expires_in * 1000;
      this.#timers = [
        setTimeout(() => this.page.tell({ type: "renew" }), Math.max(0, lasts_ms - RENEW_BEFORE_MS)),
        setTimeout(() => this.#end(), lasts_ms),
      ];
      await this.refresh();
      if (first) this.happened("ready", { merchant_id: opened.merchant_id });
      this.#follow();
    } catch (error) {
      this.failed = error as Problem;
      this.page.tell({ type: "failed", code: this.failed.code });
    }
  }

  #end(): void {
    this.#stream?.abort();
    this.client.close();
    this.page.tell({ type: "ended" });
  }

  /** The stream stands for as long as its token. */
  #follow(): void {
    this.#stream?.abort();
    this.#stream = new AbortController();
    const gather = () => {
      clearTimeout(this.#gathering);
      this.#gathering = setTimeout(() => void this.refresh(), GATHER_MS);
    };
    void this.client.follow({ signal: this.#stream.signal, hear: gather, up: (up) => up && this.failed && gather() });
  }

  async refresh(): Promise<void> {
    try {
      this.summary = await this.client.summary();
      this.failed = undefined;
    } catch (error) {
      this.failed = error as Problem;
      this.happened("error", { code: this.failed.code });
    }
  }

  happened<Name extends Happening>(name: Name, detail: Happenings[Name]): void {
    this.page.happened(name, detail);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    dress(this, this.look.theme);
    if (changed.has("look")) document.documentElement.lang = this.lang = this.look.locale;
  }

  override render() {
    const words = WORDS[this.look.locale];
    const summary = this.summary;
    if (!summary && this.failed) {
      return html`<div class="card" role="alert"><div class="tile">
        <span class="box">${icon("offline")}</span>
        <span><span class="name">${words.offline}</span><span class="why">${words.offline_reason}</span></span>
      </div></div>`;
    }
    if (!summary) return html`<div class="card bones" role="status" aria-label=${words.loading}><div class="tile"><span class="bone"></span></div></div>`;
    const own = said(this.look.locale, summary.currency, summary.timezone);
    const given = { shop: this as Shop, summary, said: own };
    switch (this.#component) {
      case "tile": return html`<restock-tile-screen .shop=${given.shop} .summary=${summary} .said=${own}></restock-tile-screen>`;
      case "offer": return html`<restock-offer-screen .shop=${given.shop} .summary=${summary} .said=${own}></restock-offer-screen>`;
      case "manage": return html`<restock-manage-screen .shop=${given.shop} .summary=${summary} .said=${own}></restock-manage-screen>`;
      case "consents": return html`<restock-consents-screen .shop=${given.shop} .summary=${summary} .said=${own}></restock-consents-screen>`;
    }
  }
}
customElements.define("restock-app", App);
