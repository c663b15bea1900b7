import path from "node:path";
import { createStandingRows, createVerdictRows } from "../../backends/sqlite/leak-rows.ts";
import { MAX_AGENTS } from "../../memory/leaks/agent-registry.ts";
import { WATCH_BYTES } from "../../memory/leaks/watch-room.ts";
import { MAX_PROCESSES } from "../../memory/leaks/watched-service.ts";
import { AllocationSampler } from "../../memory/profiles/allocation-sampler.ts";
import { ProfileShelf } from "../../memory/profiles/profile-shelf.ts";
import { MIB } from "../../shared/bytes.ts";
import { LeakService } from "../observe/leak-service.ts";
import { nodeFolder } from "../paths.ts";
import type { Core } from "./core.ts";

const MAX_PROFILES = 10;
const MAX_PROFILE_BYTES = 1024 * MIB;
/** Share of the memory limit for all watches together; most of it belongs to the stores. */
const WATCHES_SHARE = 1 / 8;

export interface LeakParts {
  leaks: LeakService;
  profiles: ProfileShelf;
  /** Starts allocation sampling and opens the shelf; returns a function that stops both. */
  start(): () => Promise<void>;
}

/** Leak detection, the always-on allocation sampler and the profiles on disk. */
export async function composeLeaks(core: Core): Promise<LeakParts> {
  const { env, clock, log, events, database, nodeId, bootId, settings, helpers, ledger } = core;
  const sampler = new AllocationSampler();
  const profiles = new ProfileShelf({
    dir: path.join(nodeFolder(env), "profiles"),
    clock,
    maxProfiles: MAX_PROFILES,
    maxBytes: MAX_PROFILE_BYTES,
    record: (ended) => sampler.record(ended),
    heapUsedBytes: () => process.memoryUsage().heapUsed,
    freeBytes: () => settings.values.memoryLimitMb * MIB - process.memoryUsage.rss() - helpers.rssBytes(),
    snapshotsEnabled: env.fixed.HEADROOM_SNAPSHOTS,
  });
  const ceilingBytes = () =>
    Math.min(MAX_AGENTS * MAX_PROCESSES * WATCH_BYTES, settings.values.memoryLimitMb * MIB * WATCHES_SHARE);
  const watches = ledger.open("watches", "runtime", ceilingBytes());
  const leaks = await LeakService.open({
    clock,
    log,
    events,
    bootId,
    verdicts: createVerdictRows(database, nodeId),
    standings: createStandingRows(database, nodeId),
    sampler,
    watches,
  });
  return {
    leaks,
    profiles,
    start() {
      sampler.start().catch((err: unknown) => log.warn({ err }, "allocation sampling could not start"));
      profiles.open().catch((err: unknown) => log.warn({ err }, "the folder for profiles could not be created"));
      const stopKeeping = leaks.start();
      const unfollow = settings.follow(() => watches.setCeiling(ceilingBytes()));
      return async () => {
        unfollow();
        profiles.close();
        sampler.stop();
        await stopKeeping();
      };
    },
  };
}
