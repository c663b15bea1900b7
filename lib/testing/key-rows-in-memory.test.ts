import { describeKeyRows } from "../ports/key-rows.contract.ts";
import { memoryKeyRows } from "./key-rows-in-memory.ts";

describeKeyRows("key rows in memory", async () => {
  const { rows } = memoryKeyRows();
  return { rows, reopen: async () => rows };
});
