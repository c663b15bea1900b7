import { expect, it, vi } from "vitest";
import { describeAnswerRows } from "../../ports/answer-rows.contract.ts";
import { SqliteAnswerRows } from "./answer-rows.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();

describeAnswerRows("kept answers in SQLite", async (bounds) => {
  const { rows: database } = await storage((opened) => opened);
  return {
    rows: await SqliteAnswerRows.open(database, bounds),
    reopen: (others) => SqliteAnswerRows.open(database, others),
  };
});

it("kept answers are trimmed once by all that pass the bound together", async () => {
  const { rows: database } = await storage((opened) => opened);
  const rows = await SqliteAnswerRows.open(database, { answers: 20, bytes: 1e9 });
  const keep = (id: string, atMs: number) =>
    rows.keep(id, "busy", atMs, { fingerprint: "f", status: 201, headers: {}, body: null });
  for (let n = 0; n < 120; n++) await keep(`old${n}`, n);
  const write = vi.spyOn(database, "write");
  await Promise.all(Array.from({ length: 150 }, (_, n) => keep(`new${n}`, 1_000 + n)));
  const trims = write.mock.calls.filter(([statements]) => statements[0]?.sql.startsWith("DELETE"));
  write.mockRestore();
  expect(trims.length).toBeLessThanOrEqual(2);
});
