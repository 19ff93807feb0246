import { html, type PropertyValues } from "lit";
import { lineOf, pressed } from "../parts/tile.js";
import { style } from "../style.js";
import { Screen } from "./screen.js";
import { tileStyle } from "./tile.style.js";

/** One line: what can be borrowed now, or how the loan does. Pressing it says `step` to the page. */
export class TileScreen extends Screen {
  static override styles = [style, tileStyle];
  #empty = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("summary")) return;
    const empty = !lineOf(this.said, this.summary);
    if (empty && !this.#empty) this.shop.happened("empty", {});
    this.#empty = empty;
  }

  override render() {
    const line = lineOf(this.said, this.summary);
    return line ? pressed(line, (name) => this.shop.happened("step", { name })) : html``;
  }
}
customElements.define("restock-tile-screen", TileScreen);
