import type { SessionBatch } from "../../../contracts/sessions.ts";
import type { SessionStore, SessionView } from "../../../ports/session-store.ts";
import { AppError } from "../../../shared/errors.ts";
import { toProblem } from "../answer/problem.ts";
import { withData } from "./session-views.ts";

/** Kept free for each item's result beside a session: an id in JSON, and a problem. */
const RESULT_BYTES = 2_048;
const COMMA = Buffer.from(",");

interface Batch {
  body: SessionBatch;
  namespace: string;
  requestId: string;
  /** Of the whole answer. */
  mostBytes: number;
}

interface Result {
  json: Buffer;
  status: number;
}

/** Gets, then deletes. Sessions are read one after another, so that no more of them are held than the answer may have. */
export async function runSessionBatch(
  sessions: SessionStore,
  { body, namespace, requestId, mostBytes }: Batch,
): Promise<{ isPartial: boolean; answer: Buffer }> {
  const { get = [], delete: ended = [], peek = false } = body;
  const results: Result[] = [];
  let room = mostBytes - (get.length + ended.length) * RESULT_BYTES;
  const readOne = async (id: string, index: number): Promise<Result> => {
    const head = { op: "get", index, id } as const;
    try {
      const show = (view: SessionView, data: Uint8Array) =>
        data.length > room ? null : resultWith(head, withData(view, data));
      const json = await (peek ? sessions.peek(namespace, id, show) : sessions.read(namespace, id, show));
      if (json === null || json.length > room) throw tooLarge();
      room -= json.length;
      return { json, status: 200 };
    } catch (error) {
      return failed(head, error, requestId);
    }
  };
  const endOne = async (id: string, index: number): Promise<Result> => {
    const head = { op: "delete", index, id } as const;
    try {
      await sessions.delete(namespace, id, null);
      return { json: Buffer.from(JSON.stringify({ ...head, status: 204 })), status: 204 };
    } catch (error) {
      return failed(head, error, requestId);
    }
  };
  for (const [index, id] of get.entries()) results.push(await readOne(id, index));
  // Deletions that come together are written together.
  results.push(...(await Promise.all(ended.map(endOne))));
  const isPartial = results.some(({ status }) => status >= 400 && status !== 404);
  return { isPartial, answer: joined(results) };
}

interface Head {
  op: "get" | "delete";
  index: number;
  id: string;
}

function resultWith(head: Head, session: Buffer): Buffer {
  const start = `${JSON.stringify({ ...head, status: 200 }).slice(0, -1)},"session":`;
  return Buffer.concat([Buffer.from(start), session, Buffer.from("}")]);
}

function failed(head: Head, error: unknown, requestId: string): Result {
  // What nobody foresaw is the whole call's failure, and is logged as such.
  if (!(error instanceof AppError)) throw error;
  const { problem } = toProblem(error, requestId);
  const { status } = problem;
  return { json: Buffer.from(JSON.stringify({ ...head, status, problem })), status };
}

const tooLarge = (): AppError =>
  new AppError("body-too-large", "The answer would be too large; get this session in another call.");

function joined(results: readonly Result[]): Buffer {
  const parts = results.flatMap(({ json }, at) => (at === 0 ? [json] : [COMMA, json]));
  return Buffer.concat([Buffer.from('{"results":['), ...parts, Buffer.from("]}")]);
}
