import { queryOptions } from "@tanstack/react-query";
import { type SettingsPatch, type SettingsView, settingsViewSchema } from "../../contracts/settings.ts";
import { call } from "../http.ts";

/** The settings in force, where each comes from, and the latest revisions. Operators only. */
export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => call(settingsViewSchema, "/api/v1/settings", { signal }),
});

/** Takes effect at once; `null` returns a setting to its default. */
export function patchSettings(patch: SettingsPatch): Promise<SettingsView> {
  return call(settingsViewSchema, "/api/v1/settings", { method: "PATCH", body: patch });
}

/** Returns to an earlier revision, as a new one; 0 is all defaults. */
export function rollbackSettings(revision: number): Promise<SettingsView> {
  return call(settingsViewSchema, "/api/v1/settings/rollback", { method: "POST", body: { revision } });
}
