import { readFileSync } from "node:fs";
import path from "node:path";

export interface ContainerMemory {
  /** The lowest limit of the group and its parents; null when there is none, or it is more than the machine has. */
  limitBytes: number | null;
  currentBytes: number | null;
  /** Share of the last 10 s in which some, or all, tasks waited for memory (per cent); cgroup v2 only. */
  pressureSome10: number | null;
  pressureFull10: number | null;
}

const NONE: ContainerMemory = { limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null };

export interface ContainerOptions {
  /** The root of the cgroup file system, `/sys/fs/cgroup`; tests give a tree of their own. */
  root: string;
  /** This process's membership, `/proc/self/cgroup`. */
  membershipFile: string;
  /** A "limit" at or above what the machine has limits nothing. */
  machineBytes: number;
}

/**
 * The memory of the control group that this process is in.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html and …/cgroup-v1/memory.html
 */
export function readContainer(options: ContainerOptions): ContainerMemory {
  const membership = readText(options.membershipFile) ?? "";
  const v2 = /^0::(.*)$/m.exec(membership)?.[1];
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(membership)?.[1];
  const readers = [
    () => readGroup(groupDirs(path.join(options.root, "memory"), v1 ?? "/"), V1, options.machineBytes),
    () => readGroup(groupDirs(options.root, v2 ?? "/"), V2, options.machineBytes),
  ];
  // The membership says which version holds memory; a tree that is mounted from elsewhere may be of the other one.
  if (v1 === undefined) readers.reverse();
  for (const read of readers) {
    const memory = read();
    if (memory !== NONE) return memory;
  }
  return NONE;
}

interface Files {
  limit: string;
  current: string;
  pressure: string | null;
}
const V2: Files = { limit: "memory.max", current: "memory.current", pressure: "memory.pressure" };
const V1: Files = { limit: "memory.limit_in_bytes", current: "memory.usage_in_bytes", pressure: null };

/**
 * The group's folder and its parents', innermost first. Inside a container the path of `/proc/self/cgroup` may name
 * folders of the host that are not mounted: those have no files, and the mounted root stands for them.
 */
function groupDirs(root: string, group: string): string[] {
  const parts = group.split("/").filter((part) => part !== "" && part !== "..");
  return Array.from({ length: parts.length + 1 }, (_, depth) =>
    path.join(root, ...parts.slice(0, parts.length - depth)),
  );
}

function readGroup(dirs: readonly string[], files: Files, machineBytes: number): ContainerMemory {
  const limits = dirs.map((dir) => parseBytes(readText(path.join(dir, files.limit)))).filter((limit) => limit !== null);
  const lowest = Math.min(...limits);
  const present = dirs.find((dir) => readText(path.join(dir, files.current)) !== null);
  if (present === undefined && limits.length === 0) return NONE;
  const pressure = files.pressure && present ? readText(path.join(present, files.pressure)) : null;
  return {
    limitBytes: limits.length > 0 && lowest > 0 && lowest < machineBytes ? lowest : null,
    currentBytes: present ? parseBytes(readText(path.join(present, files.current))) : null,
    pressureSome10: parsePressure(pressure, "some"),
    pressureFull10: parsePressure(pressure, "full"),
  };
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    // Absent, unreadable or vanished while the group was moved: the same as no figure.
    return null;
  }
}

function parseBytes(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function parsePressure(text: string | null, kind: "some" | "full"): number | null {
  const value = text === null ? undefined : new RegExp(`^${kind} avg10=(\\d+(?:\\.\\d+)?)`, "m").exec(text)?.[1];
  return value === undefined ? null : Number(value);
}
