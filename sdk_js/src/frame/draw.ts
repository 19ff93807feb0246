import { type Client, type Drawdown, Problem } from "../client/client.js";
import type { Quote } from "./model/summary.js";
import { keyOf, type Meaning, meaning, wait_ms } from "./model/trying.js";

/** A confirmation without an answer for so long is in doubt. */
const DOUBT_MS = 5_000;

/** What came of a click: the drawdown, or why not. */
export type Drawn = { drawdown: Drawdown } | { problem: Problem; meaning: Exclude<Meaning, "again"> };

/**
 * Draw a quote. Whatever gets lost on the way, the same is asked under the quote's own key until somebody knows whether
 * it was taken; `doubt` says that this goes on. Raises nothing.
 */
export async function draw(client: Client, quote: Quote, doubt: () => void): Promise<Drawn> {
  const timer = setTimeout(doubt, DOUBT_MS);
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        return { drawdown: await client.confirm(quote, keyOf(quote.id)) };
      } catch (error) {
        const problem = error instanceof Problem ? error : new Problem(0, "unreachable", String(error));
        const meant = meaning(problem);
        if (meant !== "again") return { problem, meaning: meant };
        doubt();
        await new Promise((resolve) => setTimeout(resolve, problem.retry_after_ms ?? wait_ms(tries)));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
