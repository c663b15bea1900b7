import { createSessionRows } from "../../../lib/backends/sqlite/session-rows.ts";
import type { SessionRow, SessionRows } from "../../../lib/ports/session-rows.ts";
import type { Core } from "../../../lib/server/compose/core.ts";
import { MIB } from "../../../lib/shared/bytes.ts";
import { GroupCommit } from "../../../lib/stores/sessions/group-commit.ts";
import { WriteQueue } from "../../../lib/stores/sessions/write-queue.ts";

export interface LiveSession {
  id: string;
  namespace: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  idleTimeoutMs: number;
  version: number;
  data: unknown;
}

const USES_EVERY_MS = 750;

/**
 * What the pool promises, for live objects: no acknowledged session is lost for longer than a second, and one that was pushed out
 * comes back. The queue and the rows are the app's own, so that what is left between the two is what holding bytes costs.
 */
export class SessionKeeping {
  readonly #rows: SessionRows;
  readonly #queue: WriteQueue;
  readonly #commits: GroupCommit;
  readonly #used = new Map<string, number>();
  #usesAreDue = false;

  private constructor(core: Core, rows: SessionRows) {
    const { ledger, clock, settings } = core;
    this.#rows = rows;
    this.#queue = new WriteQueue(ledger.open("session-keeping", "sessions", settings.values.sessionsMaxMb * MIB));
    this.#commits = new GroupCommit(this.#queue, {
      rows,
      clock,
      durability: () => "everysec",
      uses: { demand: () => undefined, collect: (most, queue) => this.#collectUses(most, queue) },
      onFailure: (error) => console.error(error),
    });
    const cancel = clock.every(USES_EVERY_MS, () => {
      this.#usesAreDue = true;
      void this.#commits.flush();
    });
    core.onStop(cancel, () => this.#commits.flush());
  }

  static async open(core: Core): Promise<SessionKeeping> {
    const rows = await createSessionRows(core.database, { maxBytes: () => core.settings.values.diskMaxMb * MIB });
    return new SessionKeeping(core, rows);
  }

  async put({ data, ...fields }: LiveSession): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(data));
    const room = await this.#commits.reserve(bytes.length);
    this.#used.delete(fields.id);
    const { id, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, version } = fields;
    const endsAtMs = Number.POSITIVE_INFINITY;
    const row = {
      id,
      ownId: null,
      namespace,
      createdAtMs,
      lastUsedAtMs,
      idleTimeoutMs,
      endsAtMs,
      version,
      tags: "",
      data: bytes,
    };
    this.#queue.add({ kind: "put", row, dataBytes: bytes.length }, room);
  }

  async delete(id: string): Promise<void> {
    this.#used.delete(id);
    this.#queue.add({ kind: "delete", id, end: null }, await this.#commits.reserveForRemoval());
  }

  used(id: string, atMs: number): void {
    this.#used.set(id, atMs);
  }

  async load(id: string, nowMs: number): Promise<LiveSession | null> {
    const change = this.#queue.latest(id);
    if (change?.kind === "delete") return null;
    const row: SessionRow | null = change?.kind === "put" ? change.row : await this.#rows.get(id);
    if (!row || row.lastUsedAtMs + row.idleTimeoutMs <= nowMs) return null;
    return { ...row, data: JSON.parse(Buffer.from(row.data).toString()) };
  }

  #collectUses(most: number, queue: (use: { kind: "use"; id: string; lastUsedAtMs: number }) => boolean): void {
    if (!this.#usesAreDue) return;
    for (const [id, lastUsedAtMs] of this.#used) {
      if (most-- <= 0 || !queue({ kind: "use", id, lastUsedAtMs })) return;
      this.#used.delete(id);
    }
    this.#usesAreDue = false;
  }
}
