import { describeStandingRows, describeVerdictRows } from "../../ports/leak-rows.contract.ts";
import { createStandingRows, createVerdictRows } from "./leak-rows.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();

describeVerdictRows("leak verdicts in SQLite", (maxVerdicts) =>
  storage((database) => createVerdictRows(database, "node", maxVerdicts)),
);
describeStandingRows("standings of services in SQLite", async () => {
  const { rows: database } = await storage((opened) => opened);
  return (nodeId) => createStandingRows(database, nodeId);
});
