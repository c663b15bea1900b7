import { headers } from "next/headers";
import type { z } from "zod";
import { doorFetch } from "../../lib/door.ts";

export type Answer<Data> = { ok: true; data: Data } | { ok: false; status: number };

/** Asks our own API on behalf of whoever asked for the page: same application, same rights, no network. */
export async function ask<Schema extends z.ZodType>(schema: Schema, path: string): Promise<Answer<z.output<Schema>>> {
  const incoming = await headers();
  const request = new Request(new URL(path, `http://${incoming.get("host") ?? "localhost"}`), {
    headers: { accept: "application/json", cookie: incoming.get("cookie") ?? "" },
  });
  const response = await doorFetch(request);
  if (!response.ok) return { ok: false, status: response.status };
  const parsed = schema.safeParse(await response.json());
  return parsed.success ? { ok: true, data: parsed.data } : { ok: false, status: 502 };
}
