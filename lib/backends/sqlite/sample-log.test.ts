import { describeSampleLog } from "../../ports/sample-log.contract.ts";
import { SqliteSampleLog } from "./sample-log.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();

describeSampleLog("the log of samples in SQLite", (bounds) =>
  storage((database) => new SqliteSampleLog(database, "node", bounds)),
);
