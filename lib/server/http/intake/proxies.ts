import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv4 } from "node:net";

/** Who sent a request, and whether over TLS. */
export interface Peer {
  readonly address: string;
  readonly secure: boolean;
}

type Arrived = Pick<IncomingMessage, "headers"> & { socket: { remoteAddress?: string | undefined } };

/**
 * Whether an entry of `HEADROOM_TRUST_PROXY` names addresses: one, or a network in CIDR notation. A network of everyone is refused:
 * then any client could name itself.
 */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  if (isIP(address) === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= widthOf(address));
}

const widthOf = (address: string): number => (isIPv4(address) ? 32 : 128);

/** An IPv4 address that a socket of both families tells as IPv6 is the IPv4 one. */
const plain = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;

/**
 * The client behind proxies: the rightmost address that is not one of theirs. What stands left of it was sent by the client, and is
 * not believed. Without a list the socket's own address counts, and no header is looked at.
 */
export class Proxies {
  readonly #networks: BlockList | null;

  /** @param networks each as `isNetwork` takes it. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.length === 0 ? null : new BlockList();
    for (const network of networks) {
      const [address = "", bits] = network.split("/");
      const width = widthOf(address);
      this.#networks?.addSubnet(address, bits === undefined ? width : Number(bits), width === 32 ? "ipv4" : "ipv6");
    }
  }

  peerOf({ headers, socket }: Arrived): Peer {
    const direct = socket.remoteAddress ?? "unknown";
    if (this.#networks === null || !this.#isTrusted(plain(direct))) return { address: direct, secure: false };
    const hops = listed(headers["x-forwarded-for"]).reverse();
    let address = plain(direct);
    let passed = 0;
    for (const hop of hops) {
      const next = addressOf(hop);
      // What is no address tells nothing of who is behind it: the proxy that it came from is the last one known.
      if (next === null) break;
      address = next;
      passed += 1;
      if (!this.#isTrusted(address)) break;
    }
    const protocols = listed(headers["x-forwarded-proto"]).reverse();
    const protocol = protocols[Math.min(Math.max(passed, 1), protocols.length) - 1];
    return { address, secure: protocol?.toLowerCase() === "https" };
  }

  #isTrusted(address: string): boolean {
    return isIP(address) !== 0 && this.#networks?.check(address, isIPv4(address) ? "ipv4" : "ipv6") === true;
  }
}

function listed(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Some proxies add the port. */
function addressOf(hop: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(hop)?.[1] ?? hop;
  return isIP(bare) === 0 ? null : plain(bare);
}
