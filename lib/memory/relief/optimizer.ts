import type { OptimizationRun } from "../../contracts/memory.ts";
import type { BoundedStore } from "../../ports/bounded-store.ts";
import type { RunLog } from "../../ports/run-log.ts";
import type { Clock } from "../../shared/clock.ts";
import { ELEVATED_RATIO } from "../../shared/levels.ts";
import type { Reclaimer } from "./reclaimer.ts";
import { chooseSteps, type PlannedStep, planSteps } from "./relief-plan.ts";
import { type Need, predictSteps, remaining, runStep, type StepResult, totalFreed } from "./relief-run.ts";
import { addResult, beginRun, explainMiss, freedByStores, reclaimResult } from "./run-report.ts";
import { TurnYielder } from "./turn-yielder.ts";

type Usage = OptimizationRun["before"];

/** Above this ratio a run may evict although nobody named a target; it then goes back to it and no further. */
export const EVICT_ABOVE_RATIO = ELEVATED_RATIO;
/** A target in RSS may need more than one look: what the ledger gave back is not always what the system sees. */
const MAX_PASSES = 3;

export interface OptimizeRequest {
  trigger: OptimizationRun["trigger"];
  actor: string;
  /** Of the actor's key: who may read the actor's name. */
  actorNamespace?: string;
  dryRun?: boolean;
  targetRatio?: number;
  /** Names or kinds of the stores' steps, and of what comes after them (`collect`, `trim`); all when absent. */
  steps?: readonly string[];
}

export interface OptimizerOptions {
  clock: Clock;
  stores(): readonly BoundedStore[];
  usage(): Usage;
  limitBytes(): number;
  /** What gives memory back that no store holds, in the order in which a run ends with it. */
  reclaimers: readonly Reclaimer[];
  log: Pick<RunLog, "append">;
  newId(): string;
  onProgress(run: OptimizationRun): void;
  onDone(run: OptimizationRun): void;
}

/** A run in progress. */
interface Work {
  readonly request: OptimizeRequest;
  readonly plans: readonly PlannedStep[];
  readonly steps: StepResult[];
  readonly usedBytesBefore: number;
}

interface Active {
  background: boolean;
  result: Promise<OptimizationRun>;
}

/** Frees memory, one run at a time, and says truthfully how much. Holds the newest run only; the log has the others. */
export class Optimizer {
  readonly #options: OptimizerOptions;
  #active: Active | null = null;
  #lastRun: OptimizationRun | null;

  constructor(options: OptimizerOptions, lastRun: OptimizationRun | null = null) {
    this.#options = options;
    this.#lastRun = lastRun;
  }

  get running(): boolean {
    return this.#active !== null;
  }

  /** The newest run that was recorded. */
  get lastRun(): OptimizationRun | null {
    return this.#lastRun;
  }

  /** The names that `steps` may hold now. */
  stepNames(): string[] {
    const reclaimers = this.#options.reclaimers.map(({ step }) => step);
    return [...planSteps(this.#options.stores()).map(({ name }) => name), ...reclaimers];
  }

  /**
   * Runs, or joins the run in progress, whatever it was asked for. A dry run never joins: it only reads.
   *
   * @throws {AppError} `unprocessable` for a step that no store has.
   */
  async optimize(request: OptimizeRequest): Promise<OptimizationRun> {
    const { stores, reclaimers } = this.#options;
    const others = reclaimers.map(({ step }) => step);
    const plans = chooseSteps(planSteps(stores()), request.steps, others);
    if (request.dryRun) return this.#predict(request, plans);
    // Upkeep and what a forecast starts stop short of any target: who asked for memory must not be given that instead.
    while (this.#active?.background && !isBackground(request)) await this.#active.result.catch(() => null);
    if (this.#active) return this.#active.result;
    // Not before the next microtask: a run that began at once could be joined by nobody until its first wait.
    const result = Promise.resolve()
      .then(() => this.#execute(request, plans))
      .finally(() => {
        this.#active = null;
      });
    this.#active = { background: isBackground(request), result };
    return result;
  }

  async #predict(request: OptimizeRequest, plans: readonly PlannedStep[]): Promise<OptimizationRun> {
    const startedAtMs = this.#options.clock.monotonicMs();
    await this.#prepare();
    const run = this.#begin(request, true);
    const steps = predictSteps(plans, this.#need(request, this.#gain(request)));
    const freed = totalFreed(steps.map(({ predictedFreedBytes }) => ({ freedBytes: predictedFreedBytes })));
    let usedBytes = run.before.usedBytes - freed;
    for (const reclaimer of this.#chosen(request)) {
      if (!reclaimer.pays(freed, request.trigger === "manual")) continue;
      const predicted = reclaimer.predict();
      steps.push(reclaimResult(reclaimer.step, predicted));
      usedBytes -= predicted.freedBytes;
    }
    return {
      ...run,
      state: "completed",
      durationMs: this.#options.clock.monotonicMs() - startedAtMs,
      after: { ...run.before, storeBytes: run.before.storeBytes - freed, usedBytes },
      freedBytes: freed,
      rssFreedBytes: run.before.usedBytes - usedBytes,
      steps,
    };
  }

  async #execute(request: OptimizeRequest, plans: readonly PlannedStep[]): Promise<OptimizationRun> {
    const { clock, onProgress, onDone } = this.#options;
    const startedAtMs = clock.monotonicMs();
    let run = this.#begin(request, false);
    const progress = (steps: StepResult[], finish: Partial<OptimizationRun> = {}) => {
      const after = this.#options.usage();
      run = {
        ...run,
        durationMs: clock.monotonicMs() - startedAtMs,
        after,
        freedBytes: freedByStores(steps),
        rssFreedBytes: run.before.usedBytes - after.usedBytes,
        steps,
        ...finish,
      };
      if (run.state === "running") onProgress(run);
    };
    const work: Work = { request, plans, steps: [], usedBytesBefore: run.before.usedBytes };
    try {
      await this.#prepare();
      for (let pass = 1; pass <= MAX_PASSES; pass++) {
        const freed = await this.#pass(work, () => progress([...work.steps]));
        if (freed === 0 || this.#shortOfTarget(request) <= this.#unseen(work)) break;
      }
      const idle = work.steps.every(({ items, freedBytes }) => items === 0 && freedBytes === 0);
      progress(work.steps, { state: idle ? "nothing-to-do" : "completed", note: this.#explain(work) });
    } catch (cause) {
      progress([...work.steps], { state: "failed", note: cause instanceof Error ? cause.message : String(cause) });
    }
    run = await this.#record(run);
    onDone(run);
    return run;
  }

  async #prepare(): Promise<void> {
    for (const reclaimer of this.#options.reclaimers) await reclaimer.prepare();
  }

  /** All steps once, then what pays of the rest. @returns bytes freed, by stores and by what came after them. */
  async #pass(work: Work, progress: () => void): Promise<number> {
    const { clock } = this.#options;
    const { request, steps } = work;
    const timer = { monotonicMs: () => clock.monotonicMs(), yielder: () => new TurnYielder(clock) };
    let need = this.#need(request, this.#gain(request) + this.#unseen(work));
    let freed = 0;
    for (const plan of work.plans) {
      const result = await runStep(plan, need, timer);
      need = remaining(need, result.freedBytes);
      freed += result.freedBytes;
      addResult(steps, result);
      progress();
    }
    for (const reclaimer of this.#chosen(request)) {
      const unseenBytes = this.#unseen(work);
      if (!reclaimer.pays(unseenBytes, request.trigger === "manual")) continue;
      const predicted = reclaimer.predict();
      const { freedBytes, durationMs, pauseMs } = await reclaimer.run();
      // What stores released before, and the system sees only now, is in their rows already.
      const beyond = Math.max(0, freedBytes - unseenBytes);
      addResult(steps, {
        ...reclaimResult(reclaimer.step, predicted),
        freedBytes: beyond,
        durationMs,
        longestPauseMs: pauseMs,
      });
      freed += beyond;
      progress();
    }
    return freed;
  }

  /** What the steps freed and the system has not seen: no pass may ask for it again. */
  #unseen({ steps, usedBytesBefore }: Work): number {
    const seenBytes = usedBytesBefore - this.#options.usage().usedBytes;
    return Math.max(0, totalFreed(steps) - Math.max(0, seenBytes));
  }

  /** Bytes still above the target, as the system sees them; below zero without a target. */
  #shortOfTarget(request: OptimizeRequest): number {
    const ratio = request.targetRatio ?? Number.POSITIVE_INFINITY;
    return this.#options.usage().usedBytes - ratio * this.#options.limitBytes();
  }

  /** What needs nothing of the stores: that much need not be taken from them. */
  #gain(request: OptimizeRequest): number {
    let bytes = 0;
    for (const reclaimer of this.#chosen(request)) {
      if (reclaimer.pays(0, request.trigger === "manual")) bytes += reclaimer.predict().freedBytes;
    }
    return bytes;
  }

  #need(request: OptimizeRequest, gainBytes: number): Need {
    const { usedBytes } = this.#options.usage();
    const above = (ratio: number) => usedBytes - gainBytes - ratio * this.#options.limitBytes();
    const target = request.targetRatio;
    if (target === undefined)
      return { neededBytes: Number.POSITIVE_INFINITY, evictableBytes: above(EVICT_ABOVE_RATIO) };
    return { neededBytes: above(target), evictableBytes: above(target) };
  }

  #chosen({ steps }: OptimizeRequest): readonly Reclaimer[] {
    const { reclaimers } = this.#options;
    return steps ? reclaimers.filter(({ step }) => steps.includes(step)) : reclaimers;
  }

  #explain(work: Work): string | null {
    const { request } = work;
    return explainMiss({
      shortBytes: this.#shortOfTarget(request),
      unseenBytes: this.#unseen(work),
      usage: this.#options.usage(),
      chosen: request.steps !== undefined,
    });
  }

  #begin(request: OptimizeRequest, dryRun: boolean): OptimizationRun {
    const { newId, clock, usage } = this.#options;
    const startedAt = new Date(clock.nowMs()).toISOString();
    const { trigger, actor, actorNamespace, targetRatio = null } = request;
    const who = actorNamespace === undefined ? { actor } : { actor, actorNamespace };
    return beginRun({ id: newId(), trigger, ...who, dryRun, startedAt, targetRatio, before: usage() });
  }

  async #record(run: OptimizationRun): Promise<OptimizationRun> {
    // Upkeep that found nothing is 288 rows a day that tell nobody anything.
    if (run.trigger === "scheduled" && run.state === "nothing-to-do") return run;
    this.#lastRun = run;
    try {
      await this.#options.log.append(run);
    } catch (cause) {
      // What was freed is freed, on a full disk too: the answer says that the history does not have it.
      const trouble = `It could not be recorded: ${cause instanceof Error ? cause.message : String(cause)}`;
      this.#lastRun = { ...run, note: run.note === null ? trouble : `${run.note} ${trouble}` };
    }
    return this.#lastRun;
  }
}

function isBackground({ trigger }: OptimizeRequest): boolean {
  return trigger === "scheduled" || trigger === "forecast";
}
