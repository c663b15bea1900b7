import { type Headroom, NotFoundError, PreconditionFailedError, type SessionWithData } from "@headroom/client";

/** Ten years: the longest that a session may lie unused. */
export const LONGEST_IDLE_SECONDS = 315_360_000;
const MOST_READ = 100;

export type Found<Data> = Omit<SessionWithData, "data"> & { data: Data };

/** What a session is to hold. `expiresAt` null: no end but that of not being used. */
export interface Kept {
  data: unknown;
  idleTimeoutSeconds: number;
  expiresAt: string | null;
}

/** Sessions by id, in the order asked for, null where there is none; 100 a request. This is no use of them. */
export async function readSessions<Data>(client: Headroom, ids: readonly string[]): Promise<(Found<Data> | null)[]> {
  const found: (Found<Data> | null)[] = [];
  for (let from = 0; from < ids.length; from += MOST_READ) {
    const { results } = await client.sessions.batch({ get: ids.slice(from, from + MOST_READ), peek: true });
    for (const { id, status, session } of results) {
      if (status === 404) found.push(null);
      // What did not fit into the answer is asked for by itself, and so is what failed, to say why.
      else found.push((session as Found<Data> | undefined) ?? (await client.sessions.get<Data>(id, { peek: true })));
    }
  }
  return found;
}

/**
 * Keeps data under an id of one's own, whether something is there, was there, or never was. One request where something
 * is, two where nothing is.
 */
export async function keep(client: Headroom, id: string, kept: Kept): Promise<void> {
  if (await isFound(client.sessions.replace(id, kept))) return;
  if (await begin(client, id, kept)) return;
  // Somebody else began it in between: the later write stays.
  await client.sessions.replace(id, kept);
}

/** Merges into what is there; begins it where nothing is. */
export async function merge(client: Headroom, id: string, kept: Kept): Promise<void> {
  // A patch that is repeated after a broken connection changes nothing more.
  const call = { json: { data: kept.data }, repeatable: true };
  const patch = () => client.transport.json("PATCH", pathOf(id), call);
  if (await isFound(patch())) return;
  if (await begin(client, id, kept)) return;
  await patch();
}

/** `revive`: a value's key may be used again after its removal, which ids of people's sessions may not. */
async function begin(client: Headroom, id: string, kept: Kept): Promise<boolean> {
  try {
    await client.transport.json("PUT", pathOf(id), {
      json: kept,
      query: { revive: 1 },
      headers: { "if-none-match": "*" },
    });
    return true;
  } catch (error) {
    if (error instanceof PreconditionFailedError) return false;
    throw error;
  }
}

const pathOf = (id: string): string => `/api/v1/sessions/${encodeURIComponent(id)}`;

async function isFound(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
