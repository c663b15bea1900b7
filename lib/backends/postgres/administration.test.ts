import { expect, it } from "vitest";
import { describeAnswerRows } from "../../ports/answer-rows.contract.ts";
import { describeAuditRows } from "../../ports/audit-rows.contract.ts";
import { describeKeyRows } from "../../ports/key-rows.contract.ts";
import { describeStandingRows, describeVerdictRows } from "../../ports/leak-rows.contract.ts";
import { describeMetaRows } from "../../ports/meta-rows.contract.ts";
import { describeRunLog } from "../../ports/run-log.contract.ts";
import { describeSampleLog } from "../../ports/sample-log.contract.ts";
import { describeSettingRows } from "../../ports/setting-rows.contract.ts";
import { describeStreamJobRows } from "../../ports/stream-job-rows.contract.ts";
import { memorySample } from "../../testing/memory-sample.ts";
import { createAuditRows, createKeyRows, createMetaRows, createSettingRows } from "../sqlite/admin-rows.ts";
import { SqliteAnswerRows } from "../sqlite/answer-rows.ts";
import { createStandingRows, createVerdictRows } from "../sqlite/leak-rows.ts";
import { createRunLog } from "../sqlite/run-log.ts";
import { SqliteSampleLog } from "../sqlite/sample-log.ts";
import { createStreamJobRows } from "../sqlite/stream-job-rows.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of administration, with a Postgres server", () => {
  const storage = newStorage();

  describeMetaRows("meta rows in Postgres", () => storage(createMetaRows));
  describeSettingRows("setting rows in Postgres", (maxRevisions) =>
    storage((database) => createSettingRows(database, maxRevisions)),
  );
  describeKeyRows("key rows in Postgres", () => storage(createKeyRows));
  describeAuditRows("audit rows in Postgres", (maxEntries) =>
    storage((database) => createAuditRows(database, "node", maxEntries)),
  );
  describeSampleLog("the log of samples in Postgres", (bounds) =>
    storage((database) => new SqliteSampleLog(database, "node", bounds)),
  );
  it("samples in Postgres keep the numbers of starts in a row, however many samples each has", async () => {
    const { rows: database } = await storage((opened) => opened);
    const log = new SqliteSampleLog(database, "node");
    const boots = ["first", "first", "first", "second", "second", "third"];
    for (const [at, bootId] of boots.entries()) await log.append([{ ...memorySample(at + 1, at), bootId }]);
    expect(await database.all(`SELECT "bootId", "rowid" FROM "Boot" ORDER BY "rowid"`)).toEqual([
      { bootId: "first", rowid: 1 },
      { bootId: "second", rowid: 2 },
      { bootId: "third", rowid: 3 },
    ]);
  });
  describeVerdictRows("leak verdicts in Postgres", (maxVerdicts) =>
    storage((database) => createVerdictRows(database, "node", maxVerdicts)),
  );
  describeStandingRows("standings of services in Postgres", async () => {
    const { rows: database } = await storage((opened) => opened);
    return (nodeId) => createStandingRows(database, nodeId);
  });
  describeRunLog("the log of runs in Postgres", (maxRuns) =>
    storage((database) => createRunLog(database, "node", maxRuns)),
  );
  describeAnswerRows("kept answers in Postgres", async (bounds) => {
    const { rows: database } = await storage((opened) => opened);
    return {
      rows: await SqliteAnswerRows.open(database, bounds),
      reopen: (others) => SqliteAnswerRows.open(database, others),
    };
  });
  describeStreamJobRows("stream jobs in Postgres", (maxJobs) =>
    storage((database) => createStreamJobRows(database, maxJobs)),
  );
});
