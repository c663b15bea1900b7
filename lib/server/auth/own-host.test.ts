import { expect, it } from "vitest";
import { requireOwnHost } from "./own-host.ts";

const isRefused = (host: string | null, origin?: string, names: readonly string[] = []): boolean => {
  const headers = new Headers({ ...(host === null ? {} : { host }), ...(origin === undefined ? {} : { origin }) });
  try {
    requireOwnHost(headers, names);
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: "foreign-origin", status: 403 });
    return true;
  }
};

it.each([
  ["localhost"],
  ["localhost:3000"],
  ["LocalHost:3000"],
  ["app.localhost:3000"],
  ["127.0.0.1"],
  ["127.0.0.1:80"],
  ["10.1.2.3:3000"],
  ["[::1]:3000"],
  ["[2001:db8::1]"],
])("takes %s, which no page of another site can have as its name", (host) => {
  expect(isRefused(host)).toBe(false);
  expect(isRefused(host, `http://${host}`)).toBe(false);
});

it.each([
  [null],
  ["headroom.example.com"],
  ["evil.example:3000"],
  ["localhost.evil.example"],
  ["notlocalhost"],
  ["127.0.0.1.evil.example"],
  ["2130706433"],
  ["0x7f.1"],
  ["localhost/@evil.example"],
  ["localhost@evil.example"],
  ["localhost#evil.example"],
  ["localhost evil"],
  [""],
])("refuses the host %j", (host) => {
  expect(isRefused(host)).toBe(true);
});

it("takes the names that the operator lists, and those alone", () => {
  const names = ["headroom.example.com", "headroom"];
  expect(isRefused("headroom.example.com", undefined, names)).toBe(false);
  expect(isRefused("HEADROOM:3000", "https://headroom:3000", names)).toBe(false);
  expect(isRefused("www.headroom.example.com", undefined, names)).toBe(true);
  expect(isRefused("example.com", undefined, names)).toBe(true);
});

it.each([
  ["http://evil.example"],
  ["http://localhost:3001"],
  ["http://127.0.0.1:3000"],
  ["null"],
  [""],
  ["localhost:3000"],
])("refuses the origin %j at localhost:3000", (origin) => {
  expect(isRefused("localhost:3000", origin)).toBe(true);
});
