import { SqliteAnswerRows } from "../../backends/sqlite/answer-rows.ts";
import type { SessionStore } from "../../ports/session-store.ts";
import { FirstAnswers } from "../http/answer/first-answers.ts";
import type { Core } from "./core.ts";

/** First answers to requests with an Idempotency-Key, in the database. */
export async function composeFirstAnswers(
  { database, clock, log, onStop }: Core,
  sessions: SessionStore,
): Promise<FirstAnswers> {
  const answers = new FirstAnswers({
    rows: await SqliteAnswerRows.open(database),
    clock,
    log,
    // Everything else is on disk when its handler ends.
    committed: () => sessions.committed(),
  });
  onStop(answers.start());
  return answers;
}
