import { html, type TemplateResult } from "lit";

const WINDOW = "popup,width=480,height=780";

/**
 * A page of the gateway's own in a window beside the till; where no window may be opened it is a plain link.
 * `closed` is called once the merchant is back.
 */
export function hosted(word: string, url: string, closed: () => void, kind: "primary" | "secondary" = "secondary"): TemplateResult {
  const open = (event: Event) => {
    addEventListener("focus", closed, { once: true });
    if (window.open(url, "_blank", WINDOW)) event.preventDefault();
  };
  return html`<a class=${kind} href=${url} target="_blank" rel="noopener" @click=${open}>${word}</a>`;
}
