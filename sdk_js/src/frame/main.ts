/** The gateway's own frame at a till. The token it gets never leaves it; the key that signs its proofs cannot be exported. */
import { Client } from "../client/client.js";
import { App } from "./app.js";
import { HostPage, type Told } from "./page.js";

const told = JSON.parse(document.body.dataset.widget!) as Told;
// A till's own clock may be wrong by hours; proofs are dated by the server's.
const ahead_ms = told.now * 1000 - Date.now();
const app = new App();
app.client = new Client({ gateway: told.issuer, fetchSession: () => app.session(), now: () => Date.now() + ahead_ms });
app.page = new HostPage(told.origins, (said) => void app.hear(said));
document.body.replaceChildren(app);
app.page.greet();
