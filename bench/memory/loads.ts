import { PAYLOADS } from "../values/payloads.ts";
import { type HttpClient, inParallel } from "./http-client.ts";
import { seeded, sessionData } from "./session-data.ts";

/** One kind of item: how it is put, and under which path it is then read and removed. */
export interface Load {
  name: "sessions" | "responses";
  /** As the statistics call the store. */
  store: "sessions" | "cache";
  bodies: readonly string[];
  put(client: HttpClient, body: string, index: number): Promise<string>;
}

export function sessionLoad(items: number): Load {
  const random = seeded(7);
  return {
    name: "sessions",
    store: "sessions",
    bodies: Array.from({ length: items }, () => JSON.stringify({ data: sessionData(random) })),
    async put(client, body) {
      const answer = await client.send("POST", "/api/v1/sessions", body);
      if (answer.status !== 201) throw new Error(`a session was answered with ${answer.status} ${answer.body}`);
      return `/api/v1/sessions/${(JSON.parse(answer.body.toString()) as { id: string }).id}`;
    },
  };
}

export function responseLoad(items: number): Load {
  const random = seeded(11);
  return {
    name: "responses",
    store: "cache",
    bodies: Array.from({ length: items }, () => JSON.stringify(PAYLOADS.answer.make(random))),
    async put(client, body, index) {
      const path = `/api/v1/cache/answer-${index}`;
      const { status } = await client.send("PUT", path, body);
      if (status !== 201 && status !== 204) throw new Error(`a response was answered with ${status}`);
      return path;
    },
  };
}

/** Puts every body once; resolves to the paths. */
export async function fill(client: HttpClient, load: Load): Promise<string[]> {
  const paths: string[] = [];
  await inParallel(load.bodies.length, 8, async (index) => {
    paths[index] = await load.put(client, load.bodies[index] ?? "", index);
  });
  return paths;
}

export async function remove(client: HttpClient, paths: readonly string[]): Promise<void> {
  await inParallel(paths.length, 8, async (index) => {
    const { status } = await client.send("DELETE", paths[index] ?? "");
    if (status !== 204) throw new Error(`removing ${paths[index]} was answered with ${status}`);
  });
}

/** Reads one after another, half of them from a hot tenth; milliseconds each. */
export async function read(client: HttpClient, paths: readonly string[], count: number): Promise<number[]> {
  const pick = seeded(count);
  const latencies: number[] = [];
  for (let i = 0; i < count; i++) {
    const path = paths[pick(pick(2) === 0 ? Math.ceil(paths.length / 10) : paths.length)] ?? "";
    const startedAt = performance.now();
    const { status } = await client.send("GET", path);
    latencies.push(performance.now() - startedAt);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
  }
  return latencies;
}
