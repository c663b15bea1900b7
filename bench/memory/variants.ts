import type { Variant } from "./bench-server.ts";

const MANY = "100000";
/** Bounds out of the way, so that both hold the same items. */
export const UNBOUNDED = {
  HEADROOM_MAX_SESSIONS: MANY,
  HEADROOM_SESSIONS_MAX_MB: "512",
  HEADROOM_CACHE_MAX_ENTRIES: MANY,
  HEADROOM_CACHE_MAX_MB: "512",
  HEADROOM_CACHE_TTL_SECONDS: "3600",
};

const ours = (name: string, env: Record<string, string>): Variant => ({ name, args: ["dist/server.js"], env });

/** The system before it was optimized: live objects in a map, and as configured an unbounded one of sessions and 100 responses. */
export const baseline = (args: readonly string[], env: Record<string, string> = {}): Variant => ({
  name: "baseline",
  args,
  env,
});

export const SAME_ITEMS = {
  sessions: [
    ours("ours", UNBOUNDED),
    ours("ours without packing", { ...UNBOUNDED, HEADROOM_SESSION_PACKING: "off" }),
    ours("ours without hot tier", { ...UNBOUNDED, HEADROOM_SESSION_HOT_TIER: "off" }),
  ],
  responses: [
    ours("ours", UNBOUNDED),
    ours("ours without compression", { ...UNBOUNDED, HEADROOM_CACHE_COMPRESSION: "off" }),
  ],
} as const;

export const AS_CONFIGURED: readonly Variant[] = [
  ours("ours", {}),
  ours("ours without packing", { HEADROOM_SESSION_PACKING: "off" }),
  ours("ours without compression", { HEADROOM_CACHE_COMPRESSION: "off" }),
  ours("ours without bounds", UNBOUNDED),
];
