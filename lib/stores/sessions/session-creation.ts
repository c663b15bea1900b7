import { ENDED_FOR_MS, type SessionPast, type SessionRows, type SessionTerms } from "../../ports/session-rows.ts";
import type { SessionView } from "../../ports/session-store.ts";
import { AppError } from "../../shared/errors.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { isSessionId, newSessionId } from "./id-index.ts";
import { encoded, type MeasuredText } from "./measured-text.ts";
import { LEAST_OWN_ID_BYTES, ownKeyOf } from "./own-id.ts";
import { queuePut } from "./queue-put.ts";
import { idBytes, tagBytes } from "./queued-change.ts";
import type { SessionChanges } from "./session-changes.ts";
import { pressure, sessionEnded, sessionExists } from "./session-errors.ts";
import type { SessionLoads } from "./session-loads.ts";
import type { SessionMemory } from "./session-memory.ts";
import { checkTerms, expiryOf } from "./session-terms.ts";
import type { WriteAdmission } from "./write-admission.ts";
import type { WriteQueue } from "./write-queue.ts";

interface Parts {
  rows: SessionRows;
  memory: SessionMemory;
  queue: WriteQueue;
  loads: SessionLoads;
  writes: WriteAdmission;
  changes: SessionChanges;
}

/** What a session begins as. */
interface Beginning {
  key: string;
  ownId: string | null;
  namespace: string;
  data: MeasuredText;
  terms: SessionTerms;
  past: SessionPast | null;
}

/** Begins sessions: under an id that is made here, under the caller's, or as a stream brings them. */
export class SessionCreation {
  readonly #parts: Parts;
  /** Two at once would both find nothing, and both make it. */
  readonly #byKey = new KeyedLock();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async create(namespace: string, text: string, terms: SessionTerms): Promise<SessionView> {
    const data = this.#parts.writes.measured(text);
    return this.#begin({ key: newSessionId(), ownId: null, namespace, data, terms, past: null });
  }

  /**
   * @param revive also where a session of this id has ended: for ids that name values, which may be set again.
   * @throws {AppError} version-mismatch when it exists, session-ended, validation-failed for an id that is too short.
   */
  async createOwn(
    namespace: string,
    ownId: string,
    text: string,
    { terms, revive }: { terms: SessionTerms; revive: boolean },
  ): Promise<SessionView> {
    const key = keyFor(namespace, ownId);
    const data = this.#parts.writes.measured(text);
    return this.#byKey.run(key, async () => {
      await this.#requireFree(namespace, ownId, key, revive);
      return await this.#begin({ key, ownId, namespace, data, terms, past: null });
    });
  }

  /** Keeps data under an id of the form made here, whether a session was there or not. */
  async put(id: string, namespace: string, text: string, terms: SessionTerms, past: SessionPast | null) {
    return this.#put(id, {
      key: id,
      ownId: null,
      namespace,
      data: this.#parts.writes.measured(text),
      terms,
      past,
    });
  }

  /** The same under the caller's id. An import brings back on purpose what has ended. */
  async putOwn(ownId: string, namespace: string, text: string, terms: SessionTerms, past: SessionPast | null) {
    const key = keyFor(namespace, ownId);
    return this.#put(ownId, { key, ownId, namespace, data: this.#parts.writes.measured(text), terms, past });
  }

  #put(id: string, beginning: Beginning): Promise<SessionView> {
    const { key, ownId, namespace, data, terms } = beginning;
    return this.#byKey.run(key, async () => {
      try {
        return await this.#parts.changes.replace(namespace, id, {
          data,
          terms,
          condition: null,
          only: ownId === null ? "made" : "own",
        });
      } catch (error) {
        if (!(error instanceof AppError && error.code === "not-found")) throw error;
        return await this.#begin(beginning);
      }
    });
  }

  #begin({ key, ownId, namespace, data, terms, past }: Beginning): Promise<SessionView> {
    const { memory, queue, writes } = this.#parts;
    if (past === null) checkTerms(terms, memory.nowMs());
    const { idleTimeoutMs = memory.idleTimeoutMs, endsAtMs = Number.POSITIVE_INFINITY, tags = "" } = terms;
    return writes.acknowledged(namespace, () =>
      writes.withRoom(data.bytes + idBytes(ownId) + tagBytes(tags), (room) => {
        const nowMs = memory.nowMs();
        // Other clocks may be ahead of ours: nothing lives longer for that.
        const lastUsedAtMs = Math.min(past?.lastUsedAtMs ?? nowMs, nowMs);
        if (expiryOf({ lastUsedAtMs, idleTimeoutMs, endsAtMs }) <= nowMs)
          throw new AppError(
            "validation-failed",
            "/expiresAt: the session has expired; to start it as a new one, send the record without its export fields",
          );
        const createdAtMs = Math.min(past?.createdAtMs ?? nowMs, lastUsedAtMs);
        const isOwn = ownId !== null;
        const version = past?.version ?? 1;
        const fields = { namespace, isOwn, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags };
        writes.claim(namespace, data.bytes, 1);
        const slot = memory.insert(key, fields, encoded(data));
        if (slot < 0) throw pressure();
        return queuePut(memory, queue, { slot, key, id: ownId ?? key }, room);
      }),
    );
  }

  async #requireFree(namespace: string, ownId: string, key: string, revive: boolean): Promise<void> {
    const { memory, loads, queue, rows } = this.#parts;
    const made = isSessionId(ownId) ? await loads.peek(ownId) : null;
    if (made?.ownId === null && made.namespace === namespace) throw sessionExists();
    if (memory.find(key) >= 0) throw sessionExists();
    const change = queue.latest(key);
    if (change?.kind === "delete" && change.end !== null && !revive) throw sessionEnded();
    if (await loads.peek(key)) throw sessionExists();
    // Over before its row was written: nothing else tells of it yet.
    if (change?.kind === "put") throw sessionEnded();
    const endedAtMs = await rows.endOf(key);
    if (endedAtMs === null) return;
    if (!revive && endedAtMs + ENDED_FOR_MS > memory.nowMs()) throw sessionEnded();
    // Its row may still be there, with times that a new session must not get.
    await rows.apply([{ kind: "delete", id: key, end: null }]);
  }
}

function keyFor(namespace: string, ownId: string): string {
  const key = ownKeyOf(namespace, ownId);
  if (key !== null) return key;
  const message = `an id of your own takes at least ${LEAST_OWN_ID_BYTES} bytes, so that nobody guesses it`;
  throw new AppError("validation-failed", `path.id: ${message}`, { errors: [{ path: "path.id", message }] });
}
