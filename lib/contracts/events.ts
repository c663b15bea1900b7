import { z } from "zod";
import type { Role } from "./auth.ts";
import {
  leakReportSchema,
  levelSchema,
  memorySampleSchema,
  optimizationRunSchema,
  storeStatsSchema,
} from "./memory.ts";
import { streamJobSchema } from "./streams.ts";

export const samplePushSchema = z.object({ sample: memorySampleSchema, stores: z.array(storeStatsSchema) });
export type SamplePush = z.infer<typeof samplePushSchema>;

export const memoryAlertSchema = z.object({
  level: levelSchema,
  usedRatio: z.number(),
  message: z.string().describe("The new level in words"),
  at: z.iso.datetime(),
});
export type MemoryAlert = z.infer<typeof memoryAlertSchema>;

/** Why a socket is closed; sent on the socket just before. */
export const signedOutSchema = z.object({ reason: z.literal("signed-out"), message: z.string() });

/** What each event carries: the one list from which emitters, listeners and the AsyncAPI document have their types. */
export const EVENT_PAYLOADS = {
  "memory:sample": samplePushSchema,
  "memory:optimize-progress": optimizationRunSchema,
  "memory:optimized": optimizationRunSchema,
  "memory:leak": leakReportSchema,
  "memory:alert": memoryAlertSchema,
  "stream:progress": streamJobSchema,
  "signed-out": signedOutSchema,
} as const;

/** All events that a socket may receive on the `/monitoring` namespace. The server accepts none. */
export type ServerEvents = {
  [Name in keyof typeof EVENT_PAYLOADS]: (payload: z.output<(typeof EVENT_PAYLOADS)[Name]>) => void;
};

/** Events that go to every permitted socket. */
export type BroadcastEvents = Omit<ServerEvents, "signed-out">;

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
