// Bodies as large as they may be, all at once: what comes in between two readings of memory must not pass the limit.
// `node bench/pressure/burst.mjs [--limit-mb 400] [--bodies 200] [--body-mb 8]`
import { randomFillSync } from "node:crypto";
import { parseArgs } from "node:util";
import { Client, RssWatch } from "./client.mjs";
import { KEY, startServer } from "./start-server.mjs";

const { values: options } = parseArgs({
  options: {
    "limit-mb": { type: "string", default: "400" },
    bodies: { type: "string", default: "200" },
    "body-mb": { type: "string", default: "8" },
  },
});
const MIB = 2 ** 20;
const LIMIT = Number(options["limit-mb"]) * MIB;
const server = await startServer({
  HEADROOM_MEMORY_LIMIT_MB: options["limit-mb"],
  HEADROOM_CACHE_MAX_MB: "300",
  HEADROOM_CACHE_MAX_ENTRIES: "20000",
});
const client = new Client({ port: server.port, key: KEY, connections: 64 });
const watch = new RssWatch(server.pid);
const body = randomFillSync(Buffer.alloc(Number(options["body-mb"]) * MIB));
const counts = {};
await client.each(Number(options.bodies), async (at) => {
  const { status } = await client
    .send("PUT", `/api/v1/cache/burst-${at}`, body, { "content-type": "application/octet-stream" })
    .catch((error) => ({ status: error.code }));
  counts[status] = (counts[status] ?? 0) + 1;
});
const { status } = await client.send("GET", "/monitoring/memory");
watch.stop();
const share = ((100 * watch.peakBytes) / LIMIT).toFixed(1);
console.log(
  `answers ${JSON.stringify(counts)}, monitoring ${status}, peak ${(watch.peakBytes / MIB).toFixed(0)} MiB (${share} %)`,
);
process.exitCode = watch.peakBytes <= LIMIT && !server.exited() ? 0 : 1;
client.close();
await server.stop();
