import type { Role } from "./auth.ts";
import type { LeakReport, MemorySample, OptimizationRun, StoreStats } from "./memory.ts";
import type { StreamJobView } from "./streams.ts";

export interface SamplePush {
  sample: MemorySample;
  stores: StoreStats[];
}

export interface MemoryAlert {
  level: MemorySample["level"];
  usedRatio: number;
  message: string;
  at: string;
}

/** Why a socket is closed; sent on the socket just before. */
export interface SignedOut {
  reason: "signed-out";
  message: string;
}

/** Events that the server sends to permitted sockets on the `/monitoring` namespace. It accepts none. */
export interface BroadcastEvents {
  "memory:sample": (push: SamplePush) => void;
  "memory:optimize-progress": (run: OptimizationRun) => void;
  "memory:optimized": (run: OptimizationRun) => void;
  "memory:leak": (report: LeakReport) => void;
  "memory:alert": (alert: MemoryAlert) => void;
  "stream:progress": (job: StreamJobView) => void;
}

/** All events that a socket may receive. */
export interface ServerEvents extends BroadcastEvents {
  "signed-out": (end: SignedOut) => void;
}

interface EventAudience {
  /** In words, for the reference. */
  when: string;
  roles: readonly Role[];
  namespaced: boolean;
  twin: string;
}

/**
 * Who receives an event, in addition to operators, who receive all: keys that may read the same data over HTTP at
 * `twin`. `namespaced`: only keys of the namespace that it belongs to.
 */
export const EVENT_AUDIENCE = {
  "memory:sample": {
    when: "with each sample, and once on connect",
    roles: ["viewer"],
    namespaced: false,
    twin: "/monitoring/memory/history",
  },
  "memory:optimize-progress": {
    when: "a step of a run ends",
    roles: ["viewer"],
    namespaced: false,
    twin: "/monitoring/memory/optimizations",
  },
  "memory:optimized": {
    when: "a run ends, whoever started it",
    roles: ["viewer"],
    namespaced: false,
    twin: "/monitoring/memory/optimizations/{id}",
  },
  "memory:leak": {
    when: "the server's own verdict changes",
    roles: ["viewer"],
    namespaced: false,
    twin: "/monitoring/memory/leaks",
  },
  "memory:alert": {
    when: "the level changes",
    roles: ["viewer"],
    namespaced: false,
    twin: "/monitoring/memory",
  },
  "stream:progress": {
    when: "a stream moves on, at most twice a second, or ends",
    roles: ["viewer", "consumer"],
    namespaced: true,
    twin: "/api/v1/streams/{id}",
  },
} as const satisfies Record<keyof BroadcastEvents, EventAudience>;
