import { describeStreamJobRows } from "../../ports/stream-job-rows.contract.ts";
import { createStreamJobRows } from "./stream-job-rows.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();

describeStreamJobRows("stream jobs in SQLite", (maxJobs) =>
  storage((database) => createStreamJobRows(database, maxJobs)),
);
