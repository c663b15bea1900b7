import { describeSessionRows } from "../ports/session-rows.contract.ts";
import { MapRows } from "./session-rows-in-memory.ts";

describeSessionRows("session rows in memory", async () => {
  const rows = new MapRows();
  return { rows, reopen: async () => rows };
});
