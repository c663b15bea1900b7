/**
 * What sessions and responses hold over HTTP, beside the system before it was optimized, on the same requests, interleaved:
 * npm run bench:memory [-- --rounds 3 --sessions 3000 --responses 600 --only same-items|as-configured|latency --load sessions|responses]
 *
 * "Same items": all items in memory on both sides. "As configured": ours with its bounds, the baseline with its own. Each
 * optimization is also switched off alone. "Latency": against this very app with live objects in the stores' place
 * (bench/baseline/app-on-lru), so that keys, checks and doors cost both sides the same.
 */
import { parseArgs } from "node:util";
import { median } from "../../lib/shared/median.ts";
import { buildAppOnLru } from "../baseline/app-on-lru/build.mjs";
import { asConfigured, type Configured } from "./as-configured.ts";
import type { Variant } from "./bench-server.ts";
import { type Latency, latencies } from "./latency.ts";
import { type Load, responseLoad, sessionLoad } from "./loads.ts";
import { type Held, heldFor } from "./same-items.ts";
import { AS_CONFIGURED, baseline, SAME_ITEMS, UNBOUNDED } from "./variants.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    sessions: { type: "string", default: "3000" },
    responses: { type: "string", default: "600" },
    only: { type: "string" },
    load: { type: "string" },
    baseline: { type: "string", default: "bench/baseline/server.mjs" },
  },
});
const ROUNDS = Number(values.rounds);
const MIB = 1024 * 1024;
const BASELINE = values.baseline.split(" ");
const sessions = sessionLoad(Number(values.sessions));
const responses = responseLoad(Number(values.responses));
const loads = [sessions, responses].filter(({ name }) => values.load === undefined || values.load === name);
const wants = (part: string) => values.only === undefined || values.only === part;

/** Every variant once per round, in turn. */
async function inRounds<Result>(
  variants: readonly Variant[],
  measure: (variant: Variant) => Promise<Result>,
): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>();
  for (let round = 0; round < ROUNDS; round++)
    for (const variant of variants)
      results.set(variant.name, [...(results.get(variant.name) ?? []), await measure(variant)]);
  return results;
}

function figures<Result>(results: ReadonlyMap<string, Result[]>, figure: (result: Result) => number) {
  const of = (name: string) => (results.get(name) ?? []).map(figure);
  return {
    median: (name: string) => median(of(name)),
    spread: (name: string, unit: number) =>
      `${Math.round(Math.min(...of(name)) / unit)}–${Math.round(Math.max(...of(name)) / unit)}`,
    against: (name: string) => `${(100 * (median(of(name)) / median(of("baseline")) - 1)).toFixed(1)} %`,
  };
}

async function sameItems(load: Load): Promise<void> {
  const variants = [baseline(BASELINE), ...SAME_ITEMS[load.name]];
  const results = await inRounds(variants, (variant) => heldFor(variant, load));
  const held = figures(results, ({ heldBytes }: Held) => heldBytes);
  const claimed = figures(results, ({ claimedBytes }: Held) => claimedBytes);
  const items = load.bodies.length;
  const bytes = Math.round(median(load.bodies.map((body) => body.length)));
  console.log(`\nSame items: ${items} ${load.name} of ${bytes} B, medians of ${ROUNDS} rounds`);
  const row = (name: string) => ({
    "held B/item": Math.round(held.median(name) / items),
    spread: held.spread(name, items),
    "against baseline": held.against(name),
    "of it claimed": Math.round(claimed.median(name) / items),
  });
  console.table(Object.fromEntries(variants.map(({ name }) => [name, row(name)])));
}

async function configured(): Promise<void> {
  const variants = [baseline(BASELINE, { BASELINE_CACHE_ENTRIES: "100" }), ...AS_CONFIGURED];
  const results = await inRounds(variants, (variant) => asConfigured(variant, sessions, responses));
  const grown = figures(results, ({ grownBytes }: Configured) => grownBytes);
  const rss = figures(results, ({ rssBytes }: Configured) => rssBytes);
  const hits = figures(results, ({ hitRatio }: Configured) => hitRatio);
  console.log(
    `\nAs configured: ${sessions.bodies.length} sessions, 6,000 requests for ${responses.bodies.length} responses`,
  );
  const row = (name: string) => ({
    "grown MB": (grown.median(name) / MIB).toFixed(1),
    spread: grown.spread(name, MIB),
    grown: grown.against(name),
    "whole process MB": Math.round(rss.median(name) / MIB),
    "hit ratio": hits.median(name).toFixed(3),
  });
  console.table(Object.fromEntries(variants.map(({ name }) => [name, row(name)])));
  console.log("The report claims −15…20 % for the API server and −10…15 % for the cache.");
}

async function latency(load: Load): Promise<void> {
  const before = baseline([await buildAppOnLru()], UNBOUNDED);
  const results = await latencies([before, ...SAME_ITEMS[load.name].slice(0, 1)], load);
  console.log(`\np50 of GET, ${load.name}, alternating blocks`);
  console.table(Object.fromEntries(results));
  const ratio = (figure: keyof Latency) =>
    ((results.get("ours")?.[figure] ?? Number.NaN) / (results.get("baseline")?.[figure] ?? Number.NaN)).toFixed(3);
  console.log(
    `ours / the same app on live objects: ${ratio("p50Ms")} (${ratio("lowMs")}–${ratio("highMs")}), goal 1.05`,
  );
}

for (const load of loads) if (wants("same-items")) await sameItems(load);
if (wants("as-configured")) await configured();
for (const load of loads) if (wants("latency")) await latency(load);
