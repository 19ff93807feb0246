import { type Component, type FromFrame, message, type ToFrame, understood } from "../protocol.js";
import { type Loaded, loaded, looks } from "./load.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * A thin element around one frame of the gateway's origin: asks the partner's server for a session, hands its secret
 * to the frame, gives the frame its height, and repeats what happened inside as events of its own.
 */
export abstract class RestockElement extends HTMLElement {
  abstract readonly component: Component;
  abstract readonly height: number;
  #frame?: HTMLIFrameElement;
  #loaded?: Loaded;
  #retry?: ReturnType<typeof setTimeout>;
  #wait_ms = FIRST_WAIT_MS;

  connectedCallback(): void {
    this.style.display ||= "block";
    this.style.minHeight ||= `${this.height}px`;
    addEventListener("message", this.#hear);
    looks.addEventListener("change", this.#look);
    loaded.then((options) => {
      this.#loaded = options;
      if (this.isConnected) this.#mount();
    });
  }

  disconnectedCallback(): void {
    removeEventListener("message", this.#hear);
    looks.removeEventListener("change", this.#look);
    clearTimeout(this.#retry);
    this.#frame?.remove();
    this.#frame = undefined;
  }

  /** A fresh session in a fresh frame. */
  async #mount(): Promise<void> {
    const options = this.#loaded!;
    clearTimeout(this.#retry);
    try {
      const { frame_url } = (this.#session = await options.fetchSession(this.component));
      if (!this.isConnected) return;
      if (new URL(frame_url).origin !== options.gateway) throw new Error("frame_url is not the gateway's");
      const frame = document.createElement("iframe");
      frame.style.cssText = "display:block;width:100%;border:0;color-scheme:normal";
      frame.style.height = `${this.height}px`;
      frame.title = "Restock";
      frame.allow = "publickey-credentials-get";
      frame.referrerPolicy = "origin";
      frame.src = frame_url;
      this.#frame?.remove();
      this.append((this.#frame = frame));
    } catch {
      this.#again();
    }
  }
  #session?: { client_secret: string };

  #again(): void {
    this.#say("error", { code: "unreachable" });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#mount(), this.#wait_ms);
    this.#wait_ms = Math.min(this.#wait_ms * 2, LONGEST_WAIT_MS);
  }

  #hear = ({ source, origin, data }: MessageEvent): void => {
    if (!this.#frame || source !== this.#frame.contentWindow || origin !== this.#loaded?.gateway) return;
    const said = understood<FromFrame>(data);
    if (said?.type === "hello") this.#open();
    else if (said?.type === "renew") this.#renew();
    else if (said?.type === "ended") this.#mount();
    else if (said?.type === "failed") this.#again();
    else if (said?.type === "size") this.#frame.style.height = `${Math.max(1, said.height)}px`;
    else if (said?.type === "event") {
      if (said.name === "ready") this.#wait_ms = FIRST_WAIT_MS;
      this.#say(said.name, said.detail);
    }
  };

  #open(): void {
    const secret = this.#session?.client_secret;
    this.#session = undefined;
    if (secret) this.#post({ type: "open", client_secret: secret, component: this.component, ...this.#loaded!.look });
  }

  async #renew(): Promise<void> {
    try {
      this.#session = await this.#loaded!.fetchSession(this.component);
      this.#open();
    } catch {
      // The frame says when its token has ended; a fresh one is mounted then.
    }
  }

  #look = (): void => this.#post({ type: "look", ...this.#loaded!.look });

  #post(body: ToFrame): void {
    this.#frame?.contentWindow?.postMessage(message(body), this.#loaded!.gateway);
  }

  #say(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

/** Define every element, once. */
export function define(elements: readonly { tag: string; component: Component; height: number }[]): void {
  for (const { tag, component, height } of elements) {
    if (customElements.get(tag)) continue;
    customElements.define(
      tag,
      class extends RestockElement {
        readonly component = component;
        readonly height = height;
      },
    );
  }
}
