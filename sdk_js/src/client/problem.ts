/** What went wrong, as the gateway says it (RFC 9457, or an OAuth error). `status` 0: no answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly request_id?: string,
    /** Everything else the answer said. */
    readonly facts: Record<string, unknown> = {},
  ) {
    super(detail || code);
    this.name = "Problem";
  }
}

/** The problem of an answer that is no success. */
export async function problemOf(answer: Response): Promise<Problem> {
  const said = (await answer.json().catch(() => ({}))) as Record<string, string>;
  const code = said.code ?? said.error ?? "unexpected_answer";
  return new Problem(answer.status, code, said.detail ?? said.error_description ?? "", said.request_id, said);
}
