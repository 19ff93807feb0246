/** The gateway's own frame at a till. The token it gets never leaves it; the key that signs its proofs cannot be exported. */
import { Client } from "../client/client.js";
import type { Component } from "../protocol.js";
import { App, type Draw } from "./app.js";
import { HostPage, type Told } from "./page.js";

/** Show one component: each has a script of its own, with all it needs but the words (`entries/`). */
export function start(component: Component, draw: Draw): void {
  const told = JSON.parse(document.body.dataset.widget!) as Told;
  // A till's own clock may be wrong by hours; proofs are dated by the server's.
  const ahead_ms = told.now * 1000 - Date.now();
  const app = new App();
  app.component = component;
  app.draw = draw;
  app.client = new Client({ gateway: told.issuer, fetchSession: () => app.session(), now: () => Date.now() + ahead_ms });
  app.page = new HostPage(told.origins, (said) => void app.hear(said));
  document.body.replaceChildren(app);
  app.page.greet();
}
