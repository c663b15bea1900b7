import type { SettingRevisionRow, SettingRows } from "../ports/admin-rows.ts";

/** Revisions of settings without a database, beginning with those given. */
export function memorySettingRows(given: readonly SettingRevisionRow[] = [], maxRevisions = 1_000): SettingRows {
  const rows = [...given];
  return {
    newest: async (limit) => rows.toReversed().slice(0, limit),
    find: async (revision) => rows.find((row) => row.revision === revision) ?? null,
    async insert(row) {
      const revision = (rows.at(-1)?.revision ?? 0) + 1;
      rows.push({ ...row, revision });
      rows.splice(0, rows.length - maxRevisions);
      return revision;
    },
  };
}
