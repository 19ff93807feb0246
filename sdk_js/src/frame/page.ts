import { asked, type FromFrame, type Happening, type Happenings, message, type ToFrame } from "../protocol.js";

/** What the gateway tells its frame in the page itself. */
export interface Told {
  issuer: string;
  /** The pages that may show us, as the session says. */
  origins: string[];
  /** The server's time in seconds when the page was made. */
  now: number;
}

/** The page around us: heard only from the origins the session names, told nothing before one of them has spoken. */
export class HostPage {
  #origin?: string;

  constructor(
    private readonly origins: readonly string[],
    hear: (said: ToFrame) => void,
  ) {
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== parent || source === window || !origins.includes(origin)) return;
      const said = asked(data);
      if (!said) return;
      this.#origin = origin;
      hear(said);
    });
  }

  /** Which of the pages that may show us does is not known yet: each is greeted, the others never get it. */
  greet(): void {
    for (const origin of this.origins) parent.postMessage(message({ type: "hello" }), origin);
  }

  tell(body: FromFrame): void {
    if (this.#origin) parent.postMessage(message(body), this.#origin);
  }

  happened<Name extends Happening>(name: Name, detail: Happenings[Name]): void {
    this.tell({ type: "event", name, detail } as FromFrame);
  }
}
