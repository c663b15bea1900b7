import { describeVectorRows } from "../ports/vector-rows.contract.ts";
import { RowsInMemory } from "./vector-rows-in-memory.ts";

describeVectorRows("rows in memory", async () => {
  const rows = new RowsInMemory();
  return { rows, reopen: async () => rows };
});
