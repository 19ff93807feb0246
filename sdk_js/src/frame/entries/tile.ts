import { html } from "lit";
import { start } from "../main.js";
import "../screens/tile.js";

start("tile", (shop, summary, said) => html`<restock-tile-screen .shop=${shop} .summary=${summary} .said=${said}></restock-tile-screen>`);
