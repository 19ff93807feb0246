import { html } from "lit";
import { start } from "../main.js";
import "../screens/consents.js";

start("consents", (shop, summary, said) => html`<restock-consents-screen .shop=${shop} .summary=${summary} .said=${said}></restock-consents-screen>`);
