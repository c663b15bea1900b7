import { expect } from "@playwright/test";
import { json } from "./rag.ts";
import type { TestServer } from "./server.ts";

interface Amount {
  bytes: number;
  items: number;
}
export interface View {
  name: string;
  quota: { bytes: number | null; items: number | null };
  usage: (Amount & { stores: Record<string, Amount> }) | null;
  version: number;
}
interface Exceeded {
  code: string;
  quota: View["quota"];
  used: Amount;
}

let made = 0;
export const pathOf = (name: string) => `/api/v1/namespaces/${name}`;

/** A namespace of its own with this quota, and how to use it. */
export async function within(server: TestServer, quota: object) {
  const name = `quota-${process.pid}-${made++}`;
  const set = (next: object | null) => server.send("PUT", pathOf(name), { quota: next });
  expect((await set(quota)).status).toBe(200);
  const headers = { "x-namespace": name };
  const send = (method: string, path: string, body?: unknown, more: object = {}) =>
    server.send(method, path, body, { ...headers, ...more });
  const view = async () => json<View>(await server.get(pathOf(name)));
  const usage = async () => (await view()).usage;
  const exceeded = async (response: Response) => {
    const problem = await json<Exceeded>(response);
    expect([response.status, problem.code]).toEqual([507, "quota-exceeded"]);
    return problem;
  };
  return { name, set, send, view, usage, exceeded };
}
