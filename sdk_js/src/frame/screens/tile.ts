import { html } from "lit";
import { icon } from "../parts/icons.js";
import { style } from "../style.js";
import { Screen } from "./screen.js";
import { tileStyle } from "./tile.style.js";

/** One line: what can be borrowed now, or how the loan does. Pressing it says `step` to the page. */
export class TileScreen extends Screen {
  static override styles = [style, tileStyle];

  override render() {
    const { words, limit } = this.said;
    const [before, figure, after] = words.tile(limit(this.summary.offer?.available_amount ?? 0));
    return html`<div class="card">
      <button class="tile" @click=${() => this.shop.happened("step", { name: "offer" })}>
        <span class="box petrol">${icon("weight")}</span>
        <span class="text"><span class="name">${before}<b>${figure}</b>${after}</span><span class="why">${words.tile_reason}</span></span>
        ${icon("chevron")}
      </button>
    </div>`;
  }
}
