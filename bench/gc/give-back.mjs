// How much of what a store releases the operating system gets back, by allocator setting: buffers of one size are
// filled, a part is released in random order while new ones come, then all but a tenth is dropped and collected.
// `node bench/gc/give-back.mjs`: RSS above the start, MiB, at each stage.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const MIB = 2 ** 20;
const TOTAL_MB = 256;

/** A fixed sequence (mulberry32): both settings must see the same order. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function child(slabKb) {
  const random = randomFrom(7);
  const count = Math.floor((TOTAL_MB * 1024) / slabKb);
  const baseRss = process.memoryUsage.rss();
  const above = () => Math.round((process.memoryUsage.rss() - baseRss) / MIB);
  const make = () => Buffer.from(new ArrayBuffer(slabKb * 1024)).fill(1);
  const slabs = Array.from({ length: count }, make);
  const full = above();
  for (let at = 0; at < count * 2; at++) slabs[Math.floor(random() * count)] = make();
  globalThis.gc();
  const churned = above();
  for (let at = 0; at < count; at++) if (random() < 0.9) slabs[at] = null;
  globalThis.gc();
  globalThis.gc();
  process.stdout.write(JSON.stringify({ full, churned, afterDrop: above() }));
}

if (process.argv[2]) child(Number(process.argv[2]));
else {
  const SETTINGS = {
    default: {},
    "arenas 2": { MALLOC_ARENA_MAX: "2" },
    "mmap 64 KiB": { MALLOC_MMAP_THRESHOLD_: "65536" },
    "mmap 128 KiB": { MALLOC_MMAP_THRESHOLD_: "131072" },
  };
  const rows = {};
  for (const slabKb of [64, 128, 256, 1024])
    for (const [name, env] of Object.entries(SETTINGS)) {
      const text = execFileSync(process.execPath, ["--expose-gc", fileURLToPath(import.meta.url), String(slabKb)], {
        env: { ...process.env, ...env },
        encoding: "utf8",
      });
      rows[`${slabKb} KiB, ${name}`] = JSON.parse(text);
    }
  console.table(rows);
}
