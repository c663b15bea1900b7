import type { SettingName, SettingsView } from "../../../../lib/contracts/settings.ts";
import { formatBytes, MIB } from "../../../../lib/shared/bytes.ts";
import { formatDuration } from "../../../../lib/shared/duration.ts";

export type Setting = SettingsView["settings"][number];

const GROUPS: readonly { title: string; names: readonly SettingName[] }[] = [
  { title: "Memory", names: ["memoryLimitMb", "optimizeAtRatio", "sampleSeconds"] },
  { title: "Sessions", names: ["maxSessions", "sessionTimeoutSeconds", "sessionsMaxMb", "sessionDurability"] },
  {
    title: "Response cache",
    names: ["cacheMaxEntries", "cacheTtlSeconds", "cacheTtlJitter", "cacheMaxMb", "cachePolicy"],
  },
  { title: "Vectors", names: ["maxVectors", "vectorsMaxMb"] },
  {
    title: "RAG and conversations",
    names: [
      "ragMaxMb",
      "semanticCache",
      "queryCacheEntries",
      "queryCacheTtlSeconds",
      "queryCacheMaxMb",
      "maxHistoryMessages",
      "contextMaxMessages",
      "historyMaxMb",
    ],
  },
  { title: "Streams, bodies and disk", names: ["streamMaxMb", "maxBodyMb", "diskMaxMb"] },
];

/** The settings by what they are about; one that no group names stands under "Other", so that none is ever hidden. */
export function groupSettings(settings: readonly Setting[]): { title: string; settings: Setting[] }[] {
  const named = new Set<string>(GROUPS.flatMap(({ names }) => names));
  const groups = GROUPS.map(({ title, names }) => ({
    title,
    settings: names.flatMap((name) => settings.find((setting) => setting.name === name) ?? []),
  }));
  const others = settings.filter(({ name }) => !named.has(name));
  return [...groups, { title: "Other", settings: others }].filter((group) => group.settings.length > 0);
}

/** A value with its unit, as a person says it. */
export function formatSetting(value: number | string, unit: string): string {
  if (typeof value === "string") return value;
  switch (unit) {
    case "MB":
      return formatBytes(value * MIB);
    case "ratio":
      return `${Math.round(value * 1000) / 10} %`;
    case "seconds":
      return value < 90 ? `${value} s` : `${value.toLocaleString("en-US")} s (${formatDuration(value)})`;
    default:
      return value.toLocaleString("en-US");
  }
}

/** What the input takes, in words. */
export function takes({ minimum, maximum, unit }: Setting): string {
  const name =
    unit === "MB" ? " MiB" : unit === "seconds" ? " seconds" : unit === "ratio" ? " (a share of the limit)" : "";
  if (minimum !== null && maximum !== null)
    return `From ${minimum.toLocaleString("en-US")} to ${maximum.toLocaleString("en-US")}${name}.`;
  if (minimum !== null) return `At least ${minimum.toLocaleString("en-US")}${name}.`;
  return name === "" ? "" : `In${name}.`;
}
