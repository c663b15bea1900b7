import { formatBytes, MIB } from "../../shared/bytes.ts";
import { HARD_RATIO } from "./memory-gate.ts";

/** What the process takes with empty stores: 114 MiB at rest (measured), and some to work with. */
const NEEDED_BYTES = 125 * MIB;
/** Below this bursts of writes are refused again and again, since garbage comes on top. */
const AMPLE_BYTES = 64 * MIB;

/** The least limit, in MB, that leaves the stores anything. */
export const LEAST_LIMIT_MB = Math.ceil(NEEDED_BYTES / HARD_RATIO / MIB);

/** `none`: every write would be refused for ever. */
export interface StoreRoom {
  room: "none" | "little" | "enough";
  message: string;
}

/**
 * What a limit leaves for the stores.
 *
 * @param ownBytes what the process holds now, beside the stores' grants.
 */
export function roomForStores(limitBytes: number, ownBytes: number): StoreRoom {
  const usableBytes = limitBytes * HARD_RATIO;
  const limit = `the memory limit is ${formatBytes(limitBytes)}, and writes are refused above ${formatBytes(usableBytes)}`;
  if (usableBytes < NEEDED_BYTES) {
    const message = `${limit}. The process itself needs ${formatBytes(NEEDED_BYTES)}, so no memory is left for stores. Set HEADROOM_MEMORY_LIMIT_MB to at least ${LEAST_LIMIT_MB}; 256 is a good start`;
    return { room: "none", message };
  }
  const leftBytes = Math.max(0, usableBytes - Math.max(ownBytes, NEEDED_BYTES));
  const message = `${limit}. The process itself uses ${formatBytes(ownBytes)}, so ${formatBytes(leftBytes)} are left for stores`;
  return { room: leftBytes < AMPLE_BYTES ? "little" : "enough", message };
}
