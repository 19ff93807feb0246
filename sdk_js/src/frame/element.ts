import { type CSSResult, type CSSResultGroup, nothing, type PropertyValues, render, type TemplateResult } from "lit";

/**
 * An element drawn by Lit's templates in a shadow tree: when one of its `properties` was set, it is drawn again, once
 * for all that were set together. What LitElement does beyond this (attributes, converters, controllers) nobody here
 * needs, and every merchant would load.
 */
export abstract class Drawn extends HTMLElement {
  static styles: CSSResultGroup = [];
  static properties: Record<string, unknown> = {};
  protected readonly renderRoot = this.attachShadow({ mode: "open" });
  #values = new Map<string, unknown>();
  #changed = new Map<PropertyKey, unknown>();
  #waits = true;

  constructor() {
    super();
    const { styles, properties, prototype } = new.target as typeof Drawn;
    this.renderRoot.adoptedStyleSheets = [styles].flat(9).map((each) => (each as CSSResult).styleSheet!);
    for (const name of Object.keys(properties)) {
      if (Object.hasOwn(prototype, name)) continue;
      Object.defineProperty(prototype, name, {
        get(this: Drawn) {
          return this.#values.get(name);
        },
        set(this: Drawn, value: unknown) {
          const old = this.#values.get(name);
          if (Object.is(old, value)) return;
          this.#values.set(name, value);
          if (!this.#changed.has(name)) this.#changed.set(name, old);
          this.requestUpdate();
        },
      });
    }
  }

  connectedCallback(): void {
    this.#waits = false;
    this.requestUpdate();
  }

  disconnectedCallback(): void {
    this.#waits = true;
  }

  /** Kept when what was set so far is drawn. */
  get updateComplete(): Promise<void> {
    return new Promise(queueMicrotask);
  }

  /** Draw again, soon. */
  requestUpdate(): void {
    if (this.#waits) return;
    this.#waits = true;
    queueMicrotask(() => {
      if (!this.isConnected) return;
      this.willUpdate(this.#changed as PropertyValues<this>);
      const changed = this.#changed;
      this.#changed = new Map();
      this.#waits = false;
      render(this.render(), this.renderRoot, { host: this });
      this.updated(changed as PropertyValues<this>);
    });
  }

  /** Before it is drawn: what is set here is drawn in the same turn. */
  protected willUpdate(_changed: PropertyValues<this>): void {}

  /** After it was drawn. */
  protected updated(_changed: PropertyValues<this>): void {}

  render(): TemplateResult | typeof nothing {
    return nothing;
  }
}
