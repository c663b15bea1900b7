import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

const dir = mkdtempSync(path.join(tmpdir(), "headroom-bytes-"));
const program = path.join(dir, "fill.mjs");

/** The bundle stands outside of the project, and a native module cannot be part of it. */
const koffiFromHere: Plugin = {
  name: "koffi from here",
  setup({ onResolve }) {
    onResolve({ filter: /^koffi$/ }, () => ({ path: import.meta.resolve("koffi"), external: true }));
  },
};

beforeAll(async () => {
  const entry = path.join(import.meta.dirname, "session-bytes.fixture.ts");
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    plugins: [koffiFromHere],
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Outcome {
  filled: number;
  claimed: number;
  grown: number;
}

async function fill(letters: string, size: number, packing: "on" | "off"): Promise<Outcome> {
  // As the launcher has it, blocks that are released leave the process; and V8's young generation has its
  // size from the start: left alone it grows by 14 MB at some time of its own, which is no store's.
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: "131072" };
  const flags = ["--min-semi-space-size=16", "--max-semi-space-size=16"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program, letters, String(size), packing], {
    env,
  });
  return JSON.parse(stdout);
}

const LATIN = "abcdefghijklmnopqrstuvwxyz";

it.each([
  ["ASCII in small values", LATIN, 100, "off"],
  ["ASCII", LATIN, 2_000, "off"],
  ["é", "éèüñçøå", 2_000, "off"],
  ["CJK", "世界記憶體會話響應", 2_000, "off"],
  ["emoji", "😀😁😂🤣😃😄", 2_000, "off"],
  ["ASCII in large values", LATIN, 65_000, "off"],
  ["ASCII, packed", LATIN, 2_000, "on"],
] as const)("the process grows by what the pool claims, within 10 %%: %s", async (_, letters, size, packing) => {
  const { filled, claimed, grown } = await fill(letters, size, packing);
  expect(Math.abs(grown - claimed)).toBeLessThanOrEqual(0.1 * grown);
  if (packing === "on") expect(claimed).toBeLessThan(0.6 * filled);
  // Small values carry their header, index and slot: more than a tenth of 100 bytes.
  else if (size > 1_000) expect(Math.abs(claimed - filled)).toBeLessThanOrEqual(0.1 * filled);
});
