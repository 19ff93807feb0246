import { html } from "lit";
import { Screen } from "./screen.js";

/** To be drawn. */
export class ConsentsScreen extends Screen {
  override render() {
    return html`<div class="card"><h2>${this.said.words.title}</h2></div>`;
  }
}
customElements.define("restock-consents-screen", ConsentsScreen);
