import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNetwork, Proxies } from "./proxies.ts";

const from = (remoteAddress: string, forwardedFor?: string, proto?: string) => ({
  headers: {
    ...(forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor }),
    ...(proto === undefined ? {} : { "x-forwarded-proto": proto }),
  },
  socket: { remoteAddress },
});

describe("Proxies", () => {
  it.each([
    ["no proxy is trusted", [], from("10.0.0.1", "9.9.9.9", "https"), "10.0.0.1", false],
    ["the peer is none", ["10.0.0.1"], from("8.8.8.8", "9.9.9.9", "https"), "8.8.8.8", false],
    ["the peer is one", ["10.0.0.1"], from("10.0.0.1", "9.9.9.9", "https"), "9.9.9.9", true],
    ["the client names itself another", ["10.0.0.0/8"], from("10.0.0.1", "1.2.3.4, 9.9.9.9"), "9.9.9.9", false],
    ["there are several", ["10.0.0.0/8"], from("10.0.0.1", "1.2.3.4, 9.9.9.9, 10.3.3.3", "https"), "9.9.9.9", true],
    ["each tells its protocol", ["10.0.0.0/8"], from("10.0.0.1", "9.9.9.9,10.3.3.3", "https,http"), "9.9.9.9", true],
    ["the client invents one", ["10.0.0.0/8"], from("10.0.0.1", "9.9.9.9", "https,http"), "9.9.9.9", false],
    ["all are theirs", ["10.0.0.0/8"], from("10.0.0.1", "10.4.4.4, 10.3.3.3"), "10.4.4.4", false],
    ["nothing is told", ["10.0.0.1"], from("10.0.0.1"), "10.0.0.1", false],
    ["an address is none", ["10.0.0.1"], from("10.0.0.1", "1.2.3.4, unknown"), "10.0.0.1", false],
    ["a port is added", ["10.0.0.1"], from("10.0.0.1", "9.9.9.9:4711"), "9.9.9.9", false],
    ["it is IPv6", ["fd00::/8"], from("fd00::1", "[2001:db8::7]:443", "HTTPS"), "2001:db8::7", true],
    ["IPv4 is told as IPv6", ["10.0.0.1"], from("::ffff:10.0.0.1", "::ffff:9.9.9.9"), "9.9.9.9", false],
  ] as const)("takes the rightmost address that is no proxy's where %s", (_, networks, request, address, secure) => {
    expect(new Proxies(networks).peerOf(request)).toEqual({ address, secure });
  });

  it("is never told the client by what stands left of the first address that is no proxy's", () => {
    const anything = fc.string().map((text) => text.replaceAll(",", ";"));
    fc.assert(
      fc.property(fc.array(anything), fc.string(), (left, protocol) => {
        const request = from("10.0.0.1", [...left, "9.9.9.9", "10.2.2.2"].join(","), protocol);
        expect(new Proxies(["10.0.0.0/8"]).peerOf(request).address).toBe("9.9.9.9");
      }),
    );
  });
});

it.each(["*", "0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0", "proxy.local", "10.0.0.1/", "10.0.0.1/8/8", ""])(
  "takes no network %j",
  (text) => expect(isNetwork(text)).toBe(false),
);

it.each(["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"])("takes the network %s", (text) =>
  expect(isNetwork(text)).toBe(true),
);
