import { Buffer } from "node:buffer";
import type { Headroom } from "@headroom/client";
import type { Driver, StorageMeta } from "unstorage";
import { type Found, keep, LONGEST_IDLE_SECONDS, readSessions } from "./keyed-sessions.ts";

export interface HeadroomDriverOptions {
  client: Headroom;
  /** Keeps the items of several storages apart in one namespace of Headroom; empty by default. */
  base?: string | undefined;
  /** Seconds to live of each item that names no `ttl` of its own; no end by default. */
  ttl?: number | undefined;
}

/** A text as it is, bytes in base64, or any other JSON that was set raw; and when it was set. */
interface Item {
  text?: string;
  bytes?: string;
  json?: unknown;
  mtime: string;
}
interface ItemOptions {
  ttl?: number | undefined;
}

/** With it, the shortest key has the 22 bytes that an own id needs. */
const PREFIX = "headroom-unstorage-v1:";
const MOST_ID_BYTES = 256;
/** So many requests at once of a call that sets many items. */
const AT_ONCE = 8;

/**
 * Headroom as a driver of unstorage, durable: each item is a session under an id of its own with a long timeout, so it
 * outlives restarts and is never evicted. Keys take up to 234 bytes with their base, values 1 MiB. There is no `watch`: a
 * storage hears of its own changes only.
 */
export default function headroomDriver({ client, base = "", ttl }: HeadroomDriverOptions): Driver {
  const start = PREFIX + (base === "" ? "" : `${base.replace(/:$/, "")}:`);
  const { sessions } = client;

  const idOf = (key: string): string => {
    const id = start + key;
    const bytes = Buffer.byteLength(id);
    if (bytes > MOST_ID_BYTES)
      throw new RangeError(`the key ${key.slice(0, 40)}… has ${bytes - PREFIX.length} bytes, takes up to 234`);
    return id;
  };
  const read = (key: string): Promise<Found<Item> | null> => sessions.get<Item>(idOf(key), { peek: true });
  const write = (key: string, item: Omit<Item, "mtime">, options: ItemOptions = {}): Promise<void> => {
    const seconds = options.ttl ?? ttl;
    return keep(client, idOf(key), {
      data: { ...item, mtime: new Date().toISOString() },
      idleTimeoutSeconds: LONGEST_IDLE_SECONDS,
      expiresAt: seconds ? new Date(Date.now() + seconds * 1000).toISOString() : null,
    });
  };

  return {
    name: "headroom",
    flags: { ttl: true },
    options: { base, ttl },
    getInstance: () => client,
    hasItem: async (key) => (await read(key)) !== null,
    getItem: async (key) => textOf(await read(key)),
    getItemRaw: async (key) => rawOf(await read(key)),
    async getItems(items) {
      const found = await readSessions<Item>(
        client,
        items.map(({ key }) => idOf(key)),
      );
      return items.map(({ key }, index) => ({ key, value: textOf(found[index] ?? null) }));
    },
    setItem: (key, value, options) => write(key, { text: value }, options),
    setItemRaw: (key, value, options) => write(key, rawItem(value), options),
    async setItems(items, common) {
      for (let from = 0; from < items.length; from += AT_ONCE) {
        const some = items.slice(from, from + AT_ONCE);
        await Promise.all(
          some.map(({ key, value, options }) => write(key, { text: value }, { ...common, ...options })),
        );
      }
    },
    async removeItem(key) {
      await sessions.delete(idOf(key));
    },
    getMeta: async (key) => metaOf(await read(key)),
    // Of a whole mount no base is given, whatever its type says.
    async getKeys(within = "") {
      const keys: string[] = [];
      for await (const { id } of sessions.list({ prefix: start + within, limit: 500 }))
        keys.push(id.slice(start.length));
      return keys;
    },
    async clear(within = "") {
      await sessions.deleteMany({ prefix: start + within });
    },
  };
}

function textOf(found: Found<Item> | null): string | null {
  if (!found) return null;
  const { text, bytes, json } = found.data;
  if (bytes !== undefined) return Buffer.from(bytes, "base64").toString();
  return text ?? JSON.stringify(json);
}

function rawOf(found: Found<Item> | null): unknown {
  if (!found) return null;
  const { text, bytes, json } = found.data;
  return bytes === undefined ? (text ?? json) : Buffer.from(bytes, "base64");
}

function rawItem(value: unknown): Omit<Item, "mtime"> {
  if (typeof value === "string") return { text: value };
  if (value instanceof ArrayBuffer) return { bytes: Buffer.from(value).toString("base64") };
  if (!ArrayBuffer.isView(value)) return { json: value };
  return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
}

function metaOf(found: Found<Item> | null): StorageMeta | null {
  if (!found) return null;
  const { data, createdAt, lastUsedAt, bytes, endsAt } = found;
  return {
    mtime: new Date(data.mtime),
    atime: new Date(lastUsedAt),
    birthtime: new Date(createdAt),
    size: bytes,
    ...(endsAt ? { ttl: Math.ceil((Date.parse(endsAt) - Date.now()) / 1000) } : {}),
  };
}
