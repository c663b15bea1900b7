import { type BoundedStore, RELIEF_KINDS, type ReliefKind, type ReliefStep } from "../../ports/bounded-store.ts";
import { AppError } from "../../shared/errors.ts";
import { EXPENDABLE } from "../ledger.ts";

export const COLLECT = "collect";

/** What costs the consumer nothing now or later is done whole; the rest only as far as the target asks. */
const FREE_OF_COST: ReadonlySet<ReliefKind> = new Set(["expire", "deduplicate", "compact"]);

export const isFreeOfCost = (kind: ReliefKind): boolean => FREE_OF_COST.has(kind);

/** What a consumer can make again goes before what it would miss. Stores that are not named go between. */
const MISSED_MOST = ["conversations", "vectors", "sessions"];

export interface PlannedStep {
  /** `<kind>:<store>`: `expire:sessions`. */
  readonly name: string;
  readonly kind: ReliefKind;
  readonly step: ReliefStep;
  readonly store: BoundedStore;
}

function evictionRank(store: string): number {
  const early = EXPENDABLE.indexOf(store);
  if (early >= 0) return early - EXPENDABLE.length;
  return MISSED_MOST.indexOf(store) + 1;
}

/** Every step that the stores offer, in the order in which a run takes them. */
export function planSteps(stores: readonly BoundedStore[]): PlannedStep[] {
  const steps = stores.flatMap((store) =>
    store.relief.map((step) => ({ name: `${step.kind}:${store.name}`, kind: step.kind, step, store })),
  );
  return steps
    .map((step, at) => ({ ...step, at }))
    .toSorted(
      (a, b) =>
        RELIEF_KINDS.indexOf(a.kind) - RELIEF_KINDS.indexOf(b.kind) ||
        (a.kind === "evict" ? evictionRank(a.store.name) - evictionRank(b.store.name) : 0) ||
        a.at - b.at,
    )
    .map(({ at: _, ...step }) => step);
}

/**
 * Keeps the steps that were named: in full, or by kind for every store.
 *
 * @param others names that are no store's: what a run ends with.
 * @throws {AppError} `unprocessable` when a name is nobody's, with the names there are.
 */
export function chooseSteps(
  steps: readonly PlannedStep[],
  names: readonly string[] | undefined,
  others: readonly string[],
): PlannedStep[] {
  if (!names) return [...steps];
  const known = new Set([...steps.flatMap(({ name, kind }) => [name, kind]), ...RELIEF_KINDS, ...others]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new AppError("unprocessable", `No step is named "${unknown}". Available steps: ${[...known].join(", ")}`, {
      errors: [{ path: "/steps", message: `unknown step "${unknown}"` }],
    });
  }
  return steps.filter(({ name, kind }) => names.includes(name) || names.includes(kind));
}

/**
 * How many bytes a step may free: all it can where that costs nothing, else what is still needed.
 *
 * @param neededBytes bytes until the target; Infinity for a run without one, which then loses nothing.
 * @param evictableBytes the same for eviction: 0 where nothing may be lost.
 */
export function stepTarget(kind: ReliefKind, neededBytes: number, evictableBytes: number): number {
  if (kind === "evict") return Math.max(0, evictableBytes);
  return FREE_OF_COST.has(kind) ? Number.POSITIVE_INFINITY : Math.max(0, neededBytes);
}
