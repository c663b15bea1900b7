import { describeRunLog } from "../../ports/run-log.contract.ts";
import { createRunLog } from "./run-log.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();

describeRunLog("the log of runs in SQLite", (maxRuns) =>
  storage((database) => createRunLog(database, "node", maxRuns)),
);
