import { html, type PropertyValues, type TemplateResult } from "lit";
import { Client, Problem, type Summary } from "../client/client.js";
import type { Component, Happening, Happenings, Locale, Look, ToFrame } from "../protocol.js";
import { Drawn } from "./element.js";
import { dress, tokens } from "./look.js";
import type { HostPage } from "./page.js";
import { icon } from "./parts/icons.js";
import { bones, header, quiet, still, trouble } from "./parts/parts.js";
import { said } from "./said.js";
import type { Shop } from "./screens/screen.js";
import { tileStyle } from "./screens/tile.style.js";
import { style } from "./style.js";
import { speak } from "./words/words.js";

/** Each frame shows one component and loads no other's screen. */
const SCREENS: Record<Component, () => Promise<unknown>> = {
  tile: () => import("./screens/tile.js"),
  offer: () => import("./screens/offer.js"),
  manage: () => import("./screens/manage.js"),
  consents: () => import("./screens/consents.js"),
};

/** Several events that come at once are one change. */
const GATHER_MS = 150;
/** Before a summary was ever read there is nothing to follow: it is asked for again. */
const AGAIN_MS = 5_000;

/** The frame: keeps the session and the summary, and shows the screen of the component it was opened for. */
export class App extends Drawn implements Shop {
  static override styles = [tokens, style, tileStyle];
  static override properties = { summary: { state: true }, failed: { state: true }, look: { state: true }, component: { state: true } };
  declare summary?: Summary;
  declare failed?: Problem;
  /** Unset until its words are loaded. */
  declare look?: Look;
  declare component: Component;
  page!: HostPage;
  client!: Client;
  #waiting: ((session: { client_secret: string }) => void)[] = [];
  #stream?: AbortController;
  #gathering?: ReturnType<typeof setTimeout>;

  constructor() {
    super();
    this.component = "tile";
    new ResizeObserver(() => this.page.tell({ type: "size", height: Math.ceil(this.offsetHeight) })).observe(this);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.requestUpdate());
    addEventListener("online", () => this.#gather());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#gather());
  }

  /** What the page asks for. */
  async hear(asked: ToFrame): Promise<void> {
    if (asked.type === "open") this.component = asked.component;
    await speak(this.component, asked.locale);
    this.look = { locale: asked.locale, theme: asked.theme };
    if (asked.type !== "open") return;
    const waiting = this.#waiting.splice(0);
    if (waiting.length) waiting.forEach((resolve) => resolve(asked));
    else void this.#open(asked.client_secret);
  }

  /** A session for the client, whose token has ended: what the merchant is doing goes on with the page's next one. */
  session(): Promise<{ client_secret: string }> {
    this.page.tell({ type: "renew" });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #open(client_secret: string): Promise<void> {
    const first = !this.summary;
    try {
      const opened = await this.client.open(client_secret);
      if (!opened.components.includes(this.component)) throw new Problem(0, "component_not_in_session", this.component);
      const [summary] = await Promise.all([this.client.summary(), SCREENS[this.component]()]);
      if (first) this.happened("ready", { merchant_id: opened.merchant_id });
      this.summary = summary;
      this.failed = undefined;
      this.#follow();
    } catch (error) {
      this.failed = error as Problem;
      this.page.tell({ type: "failed", code: this.failed.code });
    }
  }

  /** Whatever happens to the shop is read anew, also after a time in which nothing could be heard. */
  #follow(): void {
    this.#stream?.abort();
    this.#stream = new AbortController();
    void this.client.follow({ signal: this.#stream.signal, hear: () => this.#gather(), up: () => this.#gather() });
  }

  #gather(ms = GATHER_MS): void {
    clearTimeout(this.#gathering);
    if (this.#stream) this.#gathering = setTimeout(() => void this.refresh(), ms);
  }

  async refresh(): Promise<void> {
    try {
      this.summary = await this.client.summary();
      this.failed = undefined;
    } catch (error) {
      if (!this.failed) this.happened("error", { code: (error as Problem).code });
      this.failed = error as Problem;
      this.#gather(AGAIN_MS);
    }
  }

  happened<Name extends Happening>(name: Name, detail: Happenings[Name]): void {
    this.page.happened(name, detail);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    dress(this, this.look?.theme ?? {});
    if (changed.has("look") && this.look) document.documentElement.lang = this.lang = this.look.locale;
  }

  override render(): TemplateResult {
    if (!this.look) return html``;
    const { locale } = this.look;
    if (!this.summary) return this.#nothing(locale);
    const { currency, timezone } = this.summary;
    const own = said(locale, currency, timezone);
    switch (this.component) {
      case "tile": return html`<restock-tile-screen .shop=${this} .summary=${this.summary} .said=${own}></restock-tile-screen>`;
      case "offer": return html`<restock-offer-screen .shop=${this} .summary=${this.summary} .said=${own}></restock-offer-screen>`;
      case "manage": return html`<restock-manage-screen .shop=${this} .summary=${this.summary} .said=${own}></restock-manage-screen>`;
      case "consents": return html`<restock-consents-screen .shop=${this} .summary=${this.summary} .said=${own}></restock-consents-screen>`;
    }
  }

  /** Before there is a summary: what is to come, at its size, or that it does not. */
  #nothing(locale: Locale): TemplateResult {
    const own = said(locale, "CNY", "UTC");
    const { words } = own;
    const retry = () => void (this.#stream ? this.refresh() : this.page.tell({ type: "renew" }));
    if (this.component === "tile") {
      if (this.failed) return still(icon("loop"), words.offline, words.offline_reason, quiet(words.retry, retry));
      return html`<div class="card"><div class="tile" role="status" aria-label=${words.loading}><span class="bone box"></span><span class="text"><span class="bone"></span><span class="bone"></span></span></div></div>`;
    }
    const { failed } = this;
    return html`<div class="card">${header(own)}<section class="stack">${failed
      ? trouble(own, words.error, words.error_body, failed.request_id, retry)
      : bones(words.loading, "half", "figure", "chart", "press")}</section></div>`;
  }
}
customElements.define("restock-app", App);
