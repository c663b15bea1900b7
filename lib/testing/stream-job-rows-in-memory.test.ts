import { describeStreamJobRows } from "../ports/stream-job-rows.contract.ts";
import { StreamJobRowsInMemory } from "./stream-job-rows-in-memory.ts";

describeStreamJobRows("stream jobs in memory", async (maxJobs) => {
  const rows = new StreamJobRowsInMemory(maxJobs);
  return { rows, reopen: async () => rows };
});
