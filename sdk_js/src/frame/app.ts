import { html, type PropertyValues, type TemplateResult } from "lit";
import { Client, Problem, type Summary } from "../client/client.js";
import type { Component, Happening, Happenings, Locale, Look, ToFrame } from "../protocol.js";
import { Drawn } from "./element.js";
import { dress, tokens } from "./look.js";
import type { HostPage } from "./page.js";
import { icon } from "./parts/icons.js";
import { bones, header, quiet, still, trouble } from "./parts/parts.js";
import { type Said, said } from "./said.js";
import type { Shop } from "./screens/screen.js";
import { tileStyle } from "./screens/tile.style.js";
import { style } from "./style.js";
import { speak } from "./words/words.js";

/** How a component draws a summary. */
export type Draw = (shop: Shop, summary: Summary, said: Said) => TemplateResult;

/** How long the page may take for its next session. */
const SESSION_MS = 20_000;
/** Several events that come at once are one change. */
const GATHER_MS = 150;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** The frame: keeps the session and the summary, and shows the screen of the component it was opened for. */
export class App extends Drawn implements Shop {
  static override styles = [tokens, style, tileStyle];
  static override properties = { summary: { state: true }, failed: { state: true }, look: { state: true } };
  declare summary?: Summary;
  declare failed?: Problem;
  /** Unset until its words are loaded. */
  declare look?: Look;
  component!: Component;
  draw!: Draw;
  page!: HostPage;
  client!: Client;
  #given?: (client_secret: string) => void;
  #stream?: AbortController;
  #timer?: ReturnType<typeof setTimeout>;
  #wait_ms = FIRST_WAIT_MS;

  constructor() {
    super();
    this.role = "main";
    new ResizeObserver(() => this.page.tell({ type: "size", height: Math.ceil(this.offsetHeight) })).observe(this);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.requestUpdate());
    addEventListener("online", () => this.#soon(GATHER_MS));
    document.addEventListener("visibilitychange", () => !document.hidden && this.#soon(GATHER_MS));
  }

  /** What the page asks for. */
  async hear(asked: ToFrame): Promise<void> {
    await speak(this.component, asked.locale);
    this.look = { locale: asked.locale, theme: asked.theme };
    if (asked.type !== "open") this.#soon(GATHER_MS); // a page may know of a sale that no event tells of
    else if (this.#given) this.#given(asked.client_secret);
    else void this.#open(asked.client_secret, asked.component);
  }

  /** What the client asks for when its token ends, in the middle of whatever the merchant does: the page's next secret. */
  session(): Promise<{ client_secret: string }> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Problem(0, "session_ended", "The page gave no new session")), SESSION_MS);
      this.#given = (client_secret) => {
        clearTimeout(timer);
        this.#given = undefined;
        resolve({ client_secret });
      };
      this.page.tell({ type: "renew" });
    });
  }

  async #open(client_secret: string, component: Component): Promise<void> {
    try {
      const { components } = await this.client.open(client_secret);
      if (component !== this.component || !components.includes(component)) throw new Problem(0, "component_not_in_session", component);
      await this.refresh();
      this.#follow();
    } catch (error) {
      this.failed = error instanceof Problem ? error : new Problem(0, "unreachable", String(error));
      this.page.tell({ type: "failed", code: this.failed.code });
    }
  }

  /** The stream ends with its token; opened again it brings the next one. What it missed meanwhile is read then. */
  #follow(): void {
    this.#stream?.abort();
    this.#stream = new AbortController();
    const gather = () => this.#soon(GATHER_MS);
    void this.client.follow({ signal: this.#stream.signal, hear: gather, up: gather });
  }

  #soon(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#stream) this.#timer = setTimeout(() => void this.refresh(), ms);
  }

  /** Ask where the shop stands; where that fails, again by itself, each time a little later. */
  async refresh(): Promise<void> {
    try {
      const summary = await this.client.summary();
      if (!this.summary) this.happened("ready", { merchant_id: summary.merchant_id });
      this.summary = summary;
      this.failed = undefined;
      this.#wait_ms = FIRST_WAIT_MS;
    } catch (error) {
      this.failed = error as Problem;
      this.happened("error", { code: this.failed.code });
      this.#soon(this.#wait_ms);
      this.#wait_ms = Math.min(this.#wait_ms * 2, LONGEST_WAIT_MS);
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
    return this.draw(this, this.summary, said(locale, currency, timezone));
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
