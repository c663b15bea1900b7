// The public programs print their harness's records; this makes the samples of them that `npm run replay` reads, behind a header.
import { createInterface } from "node:readline";

export const harnessToSamples = (name, seed) =>
  async function* (output) {
    for await (const line of createInterface({ input: output })) {
      if (!line.startsWith("{")) continue;
      const record = JSON.parse(line);
      const value = record.meta ? { meta: headerOf(record.meta, name, seed) } : sampleOf(record);
      yield `${JSON.stringify(value)}\n`;
    }
  };

const headerOf = ({ label, channel, onset }, name, seed) => ({
  name: name.replace(/\.js$/, ""),
  seed: Number(seed),
  label,
  channel: channel ?? null,
  onset,
  group: "public programs, own seeds",
});

const sampleOf = (record) => ({
  sequence: record.i,
  sampledAt: new Date(Date.UTC(2026, 0, 5) + record.i * 30_000).toISOString(),
  process: {
    rssBytes: record.rss,
    heapUsedBytes: record.heapUsed,
    heapTotalBytes: record.heapTotal,
    externalBytes: record.external,
    arrayBuffersBytes: record.arrayBuffers,
  },
  gc: { majorCount: record.nMajor, heapUsedAfterMajorBytes: record.agc },
  activity: { requests: Math.round(record.load * 100) },
});
