import { expect, it } from "vitest";
import { cacheExport } from "../../../services/export-memory.ts";
import { createExporter } from "../../../services/export-sources.ts";
import { MIB } from "../../../shared/bytes.ts";
import { ByteBudget } from "../../../streaming/byte-budget.ts";
import { ExportRoom } from "../../../streaming/export-room.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { TestAccount } from "../../../testing/test-account.ts";
import type { Runtime } from "../../runtime.ts";
import { isReply } from "../define-route.ts";
import { exportRoutes } from "./export.ts";

/** A cache of no entries, whose largest body may have `maxBodyMb`. */
function setUp({ streamMaxMb = 64, maxBodyMb = 8, auditFails = false }) {
  const clock = new FakeClock();
  const budget = new ByteBudget({ account: new TestAccount(streamMaxMb * MIB), clock });
  const audited: string[] = [];
  const noEntries = { list: async () => ({ items: [], next: null }), peek: async () => null };
  const exportRoom = new ExportRoom(budget);
  const exporter = createExporter({ cache: cacheExport(noEntries, () => maxBodyMb * MIB) });
  const audit = {
    async done(...[, action, target]: string[]) {
      if (auditFails) throw new Error("the disk is gone");
      audited.push(`${action} ${target}`);
    },
  };
  const ask = () =>
    exportRoutes[0]?.handle({
      runtime: { clock, audit, streams: { exportRoom, exporter } } as unknown as Runtime,
      query: { source: "cache", format: "ndjson" },
      namespace: "n",
      identity: { role: "operator" },
      request: new Request("http://localhost/"),
      requestId: "r",
    } as never) as Promise<unknown>;
  const read = async (answer: unknown) => {
    if (!isReply(answer)) throw new Error("no reply");
    return await new Response(answer.reply.body as ReadableStream).text();
  };
  return { clock, budget, audited, ask, read };
}

it("an export is told in the audit only once it has its memory, and gives that back", async () => {
  const { clock, budget, audited, ask, read } = setUp({});
  expect(budget.takeNow(64 * MIB, "other")).toBe(true);
  const refused = expect(ask()).rejects.toMatchObject({ code: "memory-pressure" });
  await expect.poll(() => budget.waiting).toBe(1);
  clock.advance(10_000);
  await refused;
  expect(audited).toEqual([]);
  budget.release(64 * MIB, "other");
  const answer = await ask();
  expect(audited).toEqual(["export cache"]);
  expect(budget.heldBytes).toBe(9 * MIB);
  expect(await read(answer)).toBe("");
  expect(budget.heldBytes).toBe(0);
});

it("an export that cannot be told in the audit holds no memory", async () => {
  const { budget, ask } = setUp({ auditFails: true });
  await expect(ask()).rejects.toThrow("the disk is gone");
  expect(budget.heldBytes).toBe(0);
});

it.each([
  [8, 8],
  [1, 512],
  [512, 512],
  [512, 103],
])(
  "there are exports with %i MB for streams and bodies of %i MB, and none takes more than that room",
  async (streamMaxMb, maxBodyMb) => {
    const { budget, ask, read } = setUp({ streamMaxMb, maxBodyMb });
    const answer = await ask();
    expect(budget.heldBytes).toBeLessThanOrEqual(streamMaxMb * MIB);
    expect(await read(answer)).toBe("");
  },
);

it("exports hold half of the streams' memory together, however many are asked for", async () => {
  const { budget, ask, read } = setUp({ streamMaxMb: 64 });
  const answers: unknown[] = [];
  for (let asked = 0; asked < 5; asked++) answers.push(await ask().catch((error: { code?: string }) => error.code));
  expect(answers).toContain("memory-pressure");
  expect(budget.heldBytes).toBeLessThanOrEqual(32 * MIB);
  for (const answer of answers) if (typeof answer === "object") expect(await read(answer)).toBe("");
  expect(budget.heldBytes).toBe(0);
  expect(await read(await ask())).toBe("");
});
