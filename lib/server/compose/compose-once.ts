import { SqliteAnswerRows } from "../../backends/sqlite/answer-rows.ts";
import type { SessionPool } from "../../stores/sessions/session-pool.ts";
import { Once } from "../http/once.ts";
import type { Core } from "./core.ts";

/** First answers to requests with an Idempotency-Key, in the database. */
export async function composeOnce({ database, clock, log, onStop }: Core, sessions: SessionPool): Promise<Once> {
  const once = new Once({
    rows: await SqliteAnswerRows.open(database),
    clock,
    log,
    // Everything else is on disk when its handler ends.
    committed: () => sessions.committed(),
  });
  onStop(once.start());
  return once;
}
