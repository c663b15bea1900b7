import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { RACES } from "./contestants.mjs";
import { writeData } from "./data.mjs";

const directory = mkdtempSync(path.join(tmpdir(), "headroom-bench-streams-"));
afterAll(() => rmSync(directory, { recursive: true }));

it.each(Object.entries(RACES))(
  "our parser takes part in the race %s, and counts its records",
  async (_race, { file: kind, runs }) => {
    const file = path.join(directory, kind);
    await writeData(kind, 1, file);
    const records = await runs.ours(file);
    expect(records).toBeGreaterThan(1_000);
    const bare = (runs as Record<string, (file: string) => Promise<number>>)["utf8Slice + JSON.parse"];
    if (bare) expect(await bare(file)).toBe(records);
  },
);
