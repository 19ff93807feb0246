import { type Kind, UNREACHABLE } from "../elements.js";
import { type FromFrame, type Happening, type Happenings, message, type ToFrame, understood } from "../protocol.js";
import { ask, type Session, shared } from "./load.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** How long a frame has to load and say hello. A session's secret lives for a minute. */
const HELLO_MS = 30_000;
const HIGHEST = 10_000;
const SHEET = `
:host{display:block;position:relative}
:host([hidden]){display:none}
iframe{display:block;width:100%;border:0}
slot{display:block;position:absolute;inset:0;overflow:hidden}
[hidden]{visibility:hidden}`;

/** The events of an element, by name. `error` does not bubble, as no error event does. */
export type Happened = { [Name in Happening]: CustomEvent<Happenings[Name]> };

export interface RestockElement {
  addEventListener<Name extends Happening>(
    type: Name,
    listener: (this: RestockElement, event: Happened[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** On a server there are no elements: importing this must not fail there. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * A thin element around one frame of the gateway's origin: asks the partner's server for a session, hands its secret
 * to the frame, gives the frame its height, and repeats what happened inside as events of its own. What the page puts
 * into the element is shown until the frame is there. The box keeps its height whatever happens.
 */
export abstract class RestockElement extends Base {
  protected abstract readonly kind: Kind;
  #frame?: HTMLIFrameElement;
  #slot = document.createElement("slot");
  /** Where the present frame came from: another gateway needs another frame. */
  #gateway?: string;
  #session?: Session;
  #met = false;
  #height = 0;
  #here?: AbortController;
  #timer?: ReturnType<typeof setTimeout>;
  /** What is tried anew when the time has come, or the network. */
  #again?: () => void;
  #wait_ms = FIRST_WAIT_MS;

  connectedCallback(): void {
    if (!this.shadowRoot) this.#build();
    const { signal } = (this.#here = new AbortController());
    addEventListener("message", this.#hear, { signal });
    addEventListener("online", () => this.#again?.(), { signal });
    shared.changes.addEventListener("load", this.#load, { signal });
    shared.changes.addEventListener("look", this.#look, { signal });
    this.#mount();
  }

  /** Moved by moveBefore: the frame lives on. */
  connectedMoveCallback(): void {}

  disconnectedCallback(): void {
    this.#here?.abort();
    this.#after(0);
    this.#frame?.remove();
    this.#frame = undefined;
  }

  #build(): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(SHEET);
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [sheet];
    this.#slot.setAttribute("role", "status");
    root.append(this.#slot);
    this.#height = this.kind.height;
  }

  /** A fresh frame, hidden until it says hello, and a fresh session for it. */
  async #mount(): Promise<void> {
    this.#after(0);
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.style.height = `${this.#height}px`;
    frame.allow = "publickey-credentials-get";
    frame.referrerPolicy = "origin";
    this.#slot.hidden = this.#met = false;
    this.#frame?.remove();
    this.shadowRoot!.append((this.#frame = frame));
    this.#gateway = shared.now?.gateway;
    this.#dress();
    const session = await this.#asked(() => this.#mount());
    if (!session) return;
    this.#session = session;
    this.#after(HELLO_MS, () => this.#failed("frame_silent", () => this.#mount()));
    frame.src = `${session.frame_url}&component=${this.kind.component}`;
  }

  /** A session for the frame that stands now; undefined when there is none, or none any more to give it to. */
  async #asked(again: () => void): Promise<Session | undefined> {
    const frame = this.#frame;
    const loaded = shared.now;
    if (!loaded) return undefined;
    let session: Session | null;
    try {
      session = await ask(loaded, this.kind.component);
    } catch (error) {
      console.warn("restock:", error);
      if (frame === this.#frame) this.#failed("session_unavailable", again);
      return undefined;
    }
    if (frame !== this.#frame) return undefined;
    if (session) return session;
    this.#again = again;
    this.#say("empty", {});
    return undefined;
  }

  #failed(code: string, again: () => void): void {
    this.#say("error", { code });
    if (!this.#met && shared.now) this.#slot.textContent = UNREACHABLE[shared.now.look.locale];
    this.#after(this.#wait_ms * (1 + Math.random() / 4), again);
    this.#again = again;
    this.#wait_ms = Math.min(this.#wait_ms * 2, LONGEST_WAIT_MS);
  }

  /** The one thing this element waits for; nothing without `act`. */
  #after(ms: number, act?: () => void): void {
    clearTimeout(this.#timer);
    this.#again = undefined;
    if (act) this.#timer = setTimeout(act, ms);
  }

  #hear = ({ source, origin, data }: MessageEvent): void => {
    const frame = this.#frame;
    if (!frame || source !== frame.contentWindow || origin !== this.#gateway) return;
    const said = understood<FromFrame>(data);
    if (said?.type === "hello") this.#meet();
    else if (said?.type === "renew") {
      this.#wait_ms = FIRST_WAIT_MS;
      this.#renew();
    } else if (said?.type === "failed") this.#failed(said.code, () => this.#renew());
    else if (said?.type === "size") {
      if (said.height >= 1) frame.style.height = `${(this.#height = Math.min(said.height, HIGHEST))}px`;
    } else if (said?.type === "event") {
      if (said.name === "ready") this.#wait_ms = FIRST_WAIT_MS;
      this.#say(said.name, said.detail);
    }
  };

  #meet(): void {
    this.#after(0);
    this.#met = this.#slot.hidden = true;
    this.#frame!.hidden = false;
    if (this.#session) this.#open(this.#session);
    else this.#renew();
  }

  /** A fresh session for the frame that stands: what the merchant does inside goes on. */
  async #renew(): Promise<void> {
    this.#after(0);
    const session = await this.#asked(() => this.#renew());
    if (session) this.#open(session);
  }

  #open({ client_secret }: Session): void {
    this.#session = undefined;
    this.#post({ type: "open", client_secret, component: this.kind.component, ...shared.now!.look });
  }

  /** `load` was called, perhaps again: a frame that stands goes on. */
  #load = (): void => {
    if (shared.now!.gateway !== this.#gateway) this.#mount();
    else {
      this.#look();
      this.#again?.();
    }
  };

  #look = (): void => {
    this.#dress();
    if (this.#met) this.#post({ type: "look", ...shared.now!.look });
  };

  /** What the page sees of the look: the frame's title, and a scheme as the frame's own, else it had a ground of its own. */
  #dress(): void {
    const { locale, theme } = shared.now?.look ?? { locale: "en", theme: {} };
    const { scheme = "auto" } = theme;
    this.#frame!.title = this.kind.title[locale];
    this.#frame!.style.colorScheme = scheme === "auto" ? "light dark" : scheme;
  }

  #post(body: ToFrame): void {
    this.#frame?.contentWindow?.postMessage(message(body), this.#gateway!);
  }

  #say<Name extends Happening>(name: Name, detail: Happenings[Name]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: name !== "error" }));
  }
}

/** Define the elements that are not yet. */
export function define(kinds: readonly Kind[]): void {
  for (const kind of kinds) {
    if (!globalThis.customElements || customElements.get(kind.tag)) continue;
    customElements.define(
      kind.tag,
      class extends RestockElement {
        protected override readonly kind = kind;
      },
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "restock-tile": RestockElement;
    "restock-offer": RestockElement;
    "restock-manage": RestockElement;
    "restock-consents": RestockElement;
  }
}
