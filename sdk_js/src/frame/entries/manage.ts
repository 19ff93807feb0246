import { html } from "lit";
import { start } from "../main.js";
import "../screens/manage.js";

start("manage", (shop, summary, said) => html`<restock-manage-screen .shop=${shop} .summary=${summary} .said=${said}></restock-manage-screen>`);
