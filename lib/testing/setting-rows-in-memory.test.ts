import { describeSettingRows } from "../ports/setting-rows.contract.ts";
import { memorySettingRows } from "./setting-rows-in-memory.ts";

describeSettingRows("setting rows in memory", async (maxRevisions) => {
  const rows = memorySettingRows([], maxRevisions);
  return { rows, reopen: async () => rows };
});
