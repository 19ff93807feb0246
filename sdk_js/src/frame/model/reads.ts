import type { Client, Drawdown, Schemas } from "../../client/client.js";
import type { Progress } from "./progress.js";

const read = async <Answer>(client: Client, path: string): Promise<Answer> => (await client.request("GET", path)).json() as Promise<Answer>;

/** Every loan, ended ones too, newest first. Raises Problem, as all of these. */
export async function allLoans(client: Client): Promise<Drawdown[]> {
  const found: Drawdown[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await client.drawdowns(cursor ?? undefined);
    found.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  return found.reverse();
}

/** How a loan is coming back. */
export const progressOf = (client: Client, drawdown_id: string): Promise<Progress> => read(client, `/v1/drawdowns/${drawdown_id}/progress`);

/** Ask for a pause; an officer decides. */
export const askPause = (client: Client, drawdown_id: string, key: string): Promise<Response> =>
  client.request("POST", `/v1/drawdowns/${drawdown_id}/arrangements`, { body: { kind: "pause" }, key: key + drawdown_id });

/** The statement as a file, in the screen's language. */
export const statement = async (client: Client, drawdown_id: string, kind: "html" | "csv", locale: string): Promise<Blob> =>
  (await client.request("GET", `/v1/drawdowns/${drawdown_id}/statement?locale=${locale}`, { headers: { Accept: `text/${kind}` } })).blob();

/** What the session's merchant agreed to, in the words of the hosted pages. */
export const consentOf = (client: Client, locale: string): Promise<Schemas["SessionConsent"]> => read(client, `/widget/v1/consents?locale=${locale}`);
