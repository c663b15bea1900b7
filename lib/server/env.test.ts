import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { SETTING_NAMES, SETTINGS } from "../contracts/settings.ts";
import { FIXED_NAMES, parseEnv } from "./env.ts";

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
    [{ PORT: "http" }, /^PORT: got "http", expected a port/],
    [{ PORT: "70000" }, /^PORT/],
    [{ HEADROOM_MEMORY_LIMIT_MB: "1e400" }, /^HEADROOM_MEMORY_LIMIT_MB: got "1e400", expected a number from 128/],
    [{ HEADROOM_MEMORY_LIMIT_MB: "12" }, /^HEADROOM_MEMORY_LIMIT_MB/],
    [{ HEADROOM_DOOR: "back" }, /direct or next/],
    [
      { HEADROOM_DATABASE_URL: "mysql://localhost/headroom" },
      /^HEADROOM_DATABASE_URL: got 26 characters, expected file:PATH/,
    ],
    [{ HEADROOM_DATABASE_URL: "postgres://" }, /^HEADROOM_DATABASE_URL/],
    [{ HEADROOM_POSTGRES_CONNECTIONS: "2" }, /^HEADROOM_POSTGRES_CONNECTIONS/],
    [{ HEADROOM_REDIS_URL: "http://localhost" }, /^HEADROOM_REDIS_URL: got 16 characters, expected redis:/],
    [{ HEADROOM_REDIS_MAX_MB: "0" }, /^HEADROOM_REDIS_MAX_MB/],
    [{ HEADROOM_SESSION_DURABILITY: "never" }, /everysec or always/],
    [{ HEADROOM_CORS_ORIGINS: "*" }, /^HEADROOM_CORS_ORIGINS: got "\*", expected origins as browsers send them/],
    [{ HEADROOM_CORS_ORIGINS: "https://a.example,https://b.example/path" }, /^HEADROOM_CORS_ORIGINS/],
    [{ HEADROOM_TRUST_PROXY: "*" }, /^HEADROOM_TRUST_PROXY: got "\*", expected addresses and networks of proxies/],
    [{ HEADROOM_TRUST_PROXY: "10.0.0.1,0.0.0.0/0" }, /^HEADROOM_TRUST_PROXY/],
    [{ HEADROOM_MAX_SESSIONS: "1.5" }, /^HEADROOM_MAX_SESSIONS/],
  ])("ends the start for %j with a line that names it", (environment, line) => {
    expect(() => parseEnv(environment)).toThrow(line);
  });

  it("takes lists of origins and of proxies, apart by commas", () => {
    const { fixed } = parseEnv({
      HEADROOM_CORS_ORIGINS: "https://a.example, http://localhost:5173",
      HEADROOM_TRUST_PROXY: "127.0.0.1,10.0.0.0/8",
    });
    expect(fixed.HEADROOM_CORS_ORIGINS).toEqual(["https://a.example", "http://localhost:5173"]);
    expect(fixed.HEADROOM_TRUST_PROXY).toEqual(["127.0.0.1", "10.0.0.0/8"]);
    expect(parseEnv({}).fixed).toMatchObject({ HEADROOM_CORS_ORIGINS: [], HEADROOM_TRUST_PROXY: [] });
  });

  it("has every variable in the reference of settings and in .env.example", () => {
    const documents = ["docs/reference/settings.md", ".env.example"].map((name) =>
      readFileSync(path.resolve(import.meta.dirname, "../..", name), "utf8"),
    );
    for (const name of [...FIXED_NAMES, ...SETTING_NAMES.map((setting) => SETTINGS[setting].variable)]) {
      for (const document of documents) expect(document, name).toContain(name);
    }
  });

  it("does not repeat a key", () => {
    expect(() => parseEnv({ HEADROOM_OPERATOR_KEY: "short-secret" })).toThrow(
      "HEADROOM_OPERATOR_KEY: got 12 characters, expected 16 to 256 characters",
    );
  });
});
