import { html } from "lit";
import { start } from "../main.js";
import "../screens/offer.js";

start("offer", (shop, summary, said) => html`<restock-offer-screen .shop=${shop} .summary=${summary} .said=${said}></restock-offer-screen>`);
