/** Values held by us and by peers, each in a fresh process, rounds interleaved: node --import tsx bench/values/run.ts [--rounds 3] */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildSync } from "esbuild";
import { median } from "../../lib/shared/median.ts";
import { PAYLOADS, type PayloadName, values as payloadValues } from "./payloads.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, payloads: { type: "string" } } });
const PEERS = ["object", "lru-cache", "json", "json-lz4", "ours-raw", "ours", "ours-hot"];
const projectDir = path.resolve(import.meta.dirname, "../..");
// Inside the project, so that packages are found.
const dir = mkdtempSync(path.join(projectDir, "dist-bench-"));
const program = path.join(dir, "peer.mjs");
buildSync({
  entryPoints: [path.join(import.meta.dirname, "peer.ts")],
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
});

interface Figures {
  heldPerEntry: number;
  rssPerEntry: number;
  getMicros: number;
}

function parseMicros(payload: PayloadName): number {
  const texts = [...payloadValues(payload)].slice(0, 500).map((value) => JSON.stringify(value));
  const costs = Array.from({ length: 15 }, () => {
    const startedAt = process.cpuUsage();
    for (const text of texts) JSON.parse(text);
    const { user, system } = process.cpuUsage(startedAt);
    return (user + system) / texts.length;
  });
  return median(costs);
}

try {
  for (const payload of (values.payloads?.split(",") ?? Object.keys(PAYLOADS)) as PayloadName[]) {
    const results = new Map<string, Figures[]>();
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const peer of PEERS) {
        try {
          const output = execFileSync(process.execPath, ["--expose-gc", program, peer, payload], {
            stdio: ["ignore", "pipe", "ignore"],
          });
          results.set(peer, [...(results.get(peer) ?? []), JSON.parse(output.toString())]);
        } catch {
          if (round === 0) console.log(`${peer}: left out, it did not run here (is its package installed?)`);
        }
      }
    }
    const of = (peer: string, figure: keyof Figures) => median((results.get(peer) ?? []).map((each) => each[figure]));
    const parse = parseMicros(payload);
    console.log(`\n${payload}: JSON.parse ${parse.toFixed(1)} µs of CPU`);
    console.table(
      Object.fromEntries(
        [...results.keys()].map((peer) => [
          peer,
          {
            "held B": Math.round(of(peer, "heldPerEntry")),
            "saved %": Math.round(100 * (1 - of(peer, "heldPerEntry") / of("object", "heldPerEntry"))),
            "RSS B": Math.round(of(peer, "rssPerEntry")),
            "RSS saved %": Math.round(100 * (1 - of(peer, "rssPerEntry") / of("object", "rssPerEntry"))),
            "get, CPU µs": Number(of(peer, "getMicros").toFixed(2)),
          },
        ]),
      ),
    );
    const hot = of("ours-hot", "getMicros") / of("lru-cache", "getMicros");
    const cold = of("ours", "getMicros") / parse;
    console.log(`a hot hit takes ${hot.toFixed(2)} of lru-cache's, a cold one ${cold.toFixed(1)} of JSON.parse's`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
