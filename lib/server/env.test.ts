import { describe, expect, it } from "vitest";
import { SETTING_NAMES, SETTINGS } from "../contracts/settings.ts";
import { parseEnv } from "./env.ts";

describe("parseEnv", () => {
  it("gives every default without a single variable", () => {
    const { fixed, pinned } = parseEnv({});
    expect(fixed).toMatchObject({
      PORT: 3000,
      HOST: "127.0.0.1",
      HEADROOM_DATABASE_URL: "file:./data/headroom.db",
      HEADROOM_DOOR: "direct",
    });
    expect(pinned).toEqual({});
  });

  it("pins a setting for every variable of the contract", () => {
    for (const name of SETTING_NAMES) {
      const { variable, fallback } = SETTINGS[name];
      expect(parseEnv({ [variable]: String(fallback) }).pinned).toEqual({ [name]: fallback });
    }
  });

  it.each([
    [{ PORT: "http" }, /^PORT: got "http", takes a port/],
    [{ PORT: "70000" }, /^PORT/],
    [{ HEADROOM_MEMORY_LIMIT_MB: "1e400" }, /^HEADROOM_MEMORY_LIMIT_MB: got "1e400", takes a number from 128/],
    [{ HEADROOM_MEMORY_LIMIT_MB: "12" }, /^HEADROOM_MEMORY_LIMIT_MB/],
    [{ HEADROOM_DOOR: "back" }, /direct or next/],
    [{ HEADROOM_SESSION_DURABILITY: "never" }, /everysec or always/],
    [{ HEADROOM_MAX_SESSIONS: "1.5" }, /^HEADROOM_MAX_SESSIONS/],
  ])("ends the start for %j with a line that names it", (environment, line) => {
    expect(() => parseEnv(environment)).toThrow(line);
  });

  it("does not repeat a key", () => {
    expect(() => parseEnv({ HEADROOM_OPERATOR_KEY: "short-secret" })).toThrow(
      "HEADROOM_OPERATOR_KEY: got 12 characters, takes 16–256 characters",
    );
  });
});
