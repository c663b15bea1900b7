import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { memorySettingRows } from "../../testing/setting-rows-in-memory.ts";
import { SettingsStore } from "./settings.ts";

describe("SettingsStore", () => {
  it("lets the environment win over what is stored, and what is stored over the default", async () => {
    const rows = memorySettingRows([
      { revision: 1, values: { maxSessions: 7, cacheMaxEntries: 8 }, actor: "a", reason: "r", createdAtMs: 0 },
    ]);
    const { values } = await SettingsStore.open(rows, new FakeClock(), { maxSessions: 9 });
    expect([values.maxSessions, values.cacheMaxEntries, values.maxVectors]).toEqual([9, 8, 5000]);
  });

  it("tells followers at once, loses no concurrent change, and goes back a step without a number", async () => {
    const settings = await SettingsStore.open(memorySettingRows(), new FakeClock(), {});
    const seen: number[] = [];
    const stop = settings.follow(({ maxSessions }) => seen.push(maxSessions));
    await Promise.all([settings.patch({ maxSessions: 1 }, "a"), settings.patch({ cacheMaxEntries: 2 }, "b")]);
    expect(settings.values).toMatchObject({ maxSessions: 1, cacheMaxEntries: 2 });
    await settings.rollback(undefined, "a");
    expect(settings.values).toMatchObject({ maxSessions: 1, cacheMaxEntries: 50 });
    await settings.patch({ maxSessions: null }, "a");
    stop();
    await settings.patch({ maxSessions: 3 }, "a");
    expect(seen).toEqual([500, 1, 1, 1, 500]);
  });

  it("ignores what another version stored under a name or in a range that is not ours", async () => {
    const values = { maxSessions: -5, gone: true, cacheMaxEntries: 8 };
    const settings = await SettingsStore.open(
      memorySettingRows([{ revision: 1, values, actor: "a", reason: "r", createdAtMs: 0 }]),
      new FakeClock(),
      {},
    );
    expect(settings.values).toMatchObject({ maxSessions: 500, cacheMaxEntries: 8 });
  });

  it("R7: takes no memory limit that the start would refuse, by a change or by going back, and names the field", async () => {
    const low = [{ revision: 1, values: { memoryLimitMb: 128 }, actor: "a", reason: "r", createdAtMs: 0 }];
    const rows = memorySettingRows([...low]);
    const settings = await SettingsStore.open(rows, new FakeClock(), {});
    await settings.patch({ memoryLimitMb: 200 }, "a");
    const refused = { code: "unprocessable", errors: [{ path: "/memoryLimitMb" }] };
    await expect(settings.patch({ memoryLimitMb: 131, maxSessions: 1 }, "a")).rejects.toMatchObject(refused);
    await expect(settings.rollback(1, "a")).rejects.toMatchObject(refused);
    expect(settings.values).toMatchObject({ memoryLimitMb: 200, maxSessions: 500 });
    await settings.patch({ memoryLimitMb: 132 }, "a");
    expect(settings.values.memoryLimitMb).toBe(132);
    // Stored by an earlier version: the environment sets another one, as the start advised, and all else can be changed.
    const advised = await SettingsStore.open(memorySettingRows([...low]), new FakeClock(), { memoryLimitMb: 256 });
    await advised.patch({ maxSessions: 1 }, "a");
    await advised.rollback(1, "a");
    expect(advised.values).toMatchObject({ memoryLimitMb: 256, maxSessions: 500 });
  });
});
