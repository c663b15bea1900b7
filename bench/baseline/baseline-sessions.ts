import { randomUUID } from "node:crypto";

interface Session {
  id: string;
  data: unknown;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  version: number;
}

const IDLE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;

/** Live objects in a Map: timed out like ours, by a sweep a minute, but bounded in nothing. */
export class BaselineSessions {
  readonly #sessions = new Map<string, Session>();

  constructor() {
    setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  create(data: unknown): Session {
    const now = new Date();
    const session: Session = {
      id: randomUUID(),
      data,
      createdAt: now.toISOString(),
      lastUsedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + IDLE_MS).toISOString(),
      version: 1,
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  read(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    return session && touch(session);
  }

  update(id: string, data: unknown): Session | undefined {
    const session = this.#sessions.get(id);
    if (!session) return undefined;
    session.data = data;
    session.version += 1;
    return touch(session);
  }

  delete(id: string): boolean {
    return this.#sessions.delete(id);
  }

  #sweep(): void {
    const now = new Date().toISOString();
    for (const [id, { expiresAt }] of this.#sessions) if (expiresAt < now) this.#sessions.delete(id);
  }
}

function touch(session: Session): Session {
  const now = Date.now();
  session.lastUsedAt = new Date(now).toISOString();
  session.expiresAt = new Date(now + IDLE_MS).toISOString();
  return session;
}
