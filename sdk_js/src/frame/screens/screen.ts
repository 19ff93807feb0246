import type { CSSResultGroup } from "lit";
import type { Client, Summary } from "../../client/client.js";
import type { Happening, Happenings } from "../../protocol.js";
import { Drawn } from "../element.js";
import type { Said } from "../said.js";
import { style } from "../style.js";

/** What the frame gives each screen. */
export interface Shop {
  client: Client;
  /** Ask for the summary again: something was done. */
  refresh(): Promise<void>;
  /** Tell the page around us. */
  happened<Name extends Happening>(name: Name, detail: Happenings[Name]): void;
}

/** One component's screen: draws the summary, and keeps what the merchant is doing. */
export abstract class Screen extends Drawn {
  static override styles: CSSResultGroup = style;
  static override properties: Record<string, unknown> = { shop: { attribute: false }, summary: { attribute: false }, said: { attribute: false } };
  declare shop: Shop;
  declare summary: Summary;
  declare said: Said;
}
