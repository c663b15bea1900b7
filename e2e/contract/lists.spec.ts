import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

/** A store whose rows are made, used and removed over HTTP, in a namespace of the test's own. */
interface Rows {
  path: string;
  make(server: TestServer, headers: Record<string, string>, name: string): Promise<string>;
  use(server: TestServer, headers: Record<string, string>, id: string): Promise<Response>;
}

const SESSIONS: Rows = {
  path: "/api/v1/sessions",
  async make(server, headers, name) {
    const response = await server.send("POST", "/api/v1/sessions", { data: { name } }, headers);
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: string }).id;
  },
  use: (server, headers, id) => server.send("POST", `/api/v1/sessions/${id}/touch`, undefined, headers),
};

const CONVERSATIONS: Rows = {
  path: "/api/v1/conversations",
  async make(server, headers, name) {
    expect((await append(server, headers, name)).status).toBe(201);
    return name;
  },
  // It moves to the front of the list.
  use: append,
};

function append(server: TestServer, headers: Record<string, string>, id: string): Promise<Response> {
  return server.send("POST", `/api/v1/conversations/${id}/messages`, { role: "user", content: id }, headers);
}

const ROWS = 300;
const PAGE = 23;

for (const { path, make, use } of [SESSIONS, CONVERSATIONS]) {
  test(`${path} lists every row that stays, once, while others come, go and are used between two pages`, async ({
    server,
  }) => {
    const headers = { "x-namespace": `walk-${path.split("/").at(-1)}` };
    const ids: string[] = [];
    // Ten at a time: rows of the same millisecond are part of it.
    for (let at = 0; at < ROWS; at += 10) {
      const names = Array.from({ length: 10 }, (_, i) => `row-${at + i}`);
      ids.push(...(await Promise.all(names.map((name) => make(server, headers, name)))));
    }
    const removed = new Set<string>();
    const listed: string[] = [];
    let cursor = "";
    for (let turn = 0; ; turn++) {
      const response = await server.get(`${path}?limit=${PAGE}${cursor}`, headers);
      expect(response.status).toBe(200);
      const { items, nextCursor } = (await response.json()) as { items: { id: string }[]; nextCursor: string | null };
      expect(items.length).toBeLessThanOrEqual(PAGE);
      expect(items.filter(({ id }) => removed.has(id))).toEqual([]);
      listed.push(...items.map(({ id }) => id));
      if (nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
      await make(server, headers, `late-${turn}`);
      // The row that the cursor stands on, one that was listed before it, and one that was not reached yet.
      const notReached = ids.find((id) => !listed.includes(id) && !removed.has(id));
      for (const id of [listed.at(-1), listed.at(-9), notReached]) {
        if (id === undefined) continue;
        expect((await server.send("DELETE", `${path}/${id}`, undefined, headers)).status).toBe(204);
        removed.add(id);
      }
      const used = ids.filter((id) => !removed.has(id)).filter((_, at) => at % 40 === turn);
      for (const id of used) expect((await use(server, headers, id)).ok).toBe(true);
    }
    expect(listed.length).toBe(new Set(listed).size);
    const stayed = ids.filter((id) => !removed.has(id));
    expect(stayed.length).toBeGreaterThan(200);
    expect(stayed.filter((id) => !listed.includes(id))).toEqual([]);
  });
}
