import { describe, expect, it } from "vitest";
import { SETTING_NAMES, SETTINGS } from "../../../../lib/contracts/settings.ts";
import { formatSetting, groupSettings, type Setting } from "./setting-labels.ts";

const view = (name: string): Setting => ({
  name,
  value: 1,
  default: 1,
  source: "default",
  variable: "X",
  unit: "",
  description: "",
  minimum: null,
  maximum: null,
  choices: null,
});

describe("settings in words", () => {
  it("shows every setting once, also one that no group knows yet", () => {
    const shown = groupSettings([...SETTING_NAMES, "brandNew"].map(view)).flatMap(({ settings }) =>
      settings.map(({ name }) => name),
    );
    expect(shown.sort()).toEqual([...SETTING_NAMES, "brandNew"].sort());
  });
  it("says values with their units", () => {
    expect([
      formatSetting(SETTINGS.memoryLimitMb.fallback, "MB"),
      formatSetting(0.85, "ratio"),
      formatSetting(1800, "seconds"),
      formatSetting(0.5, "seconds"),
      formatSetting(5000, "entries"),
      formatSetting("everysec", ""),
    ]).toEqual(["1,024 MiB", "85 %", "1,800 s (30 min)", "0.5 s", "5,000", "everysec"]);
  });
});
