import type { Quotas } from "../../../ports/namespace-quotas.ts";
import type { SessionPast, SessionTerms } from "../../../ports/session-rows.ts";
import type { SessionView } from "../../../ports/session-store.ts";
import type {
  EndOutcome,
  SaveMode,
  SaveOutcome,
  SessionPlace,
  SessionSave,
  SharedSessionRows,
} from "../../../ports/shared-session-rows.ts";
import type { Condition } from "../../../shared/condition.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Json } from "../../../shared/json-value.ts";
import { KeyedLock } from "../../../shared/keyed-lock.ts";
import type { StoreCounters } from "../../core/store-counters.ts";
import { isSessionId } from "../id-index.ts";
import type { MeasuredText } from "../measured-text.ts";
import { mergePatch } from "../merge-patch.ts";
import { checkVersion, notFound, sessionEnded, sessionExists } from "../session-errors.ts";
import { checkTerms } from "../session-terms.ts";
import { viewOfRow } from "../session-view.ts";
import { MAX_DATA_BYTES } from "../write-admission.ts";
import type { NearSessions } from "./near-sessions.ts";
import { placesOf } from "./session-places.ts";

/** Other nodes may be first so often; on this one, changes of a session that need its data wait for each other. */
const MOST_ATTEMPTS = 50;

interface Parts {
  rows: SharedSessionRows;
  near: NearSessions;
  quotas: Quotas;
  counters: StoreCounters;
  idleTimeoutMs(): number;
}

interface Beginning {
  mode: SaveMode;
  terms: SessionTerms;
  past: SessionPast | null;
}

interface Change {
  /** Null: the data stay. */
  text: string | null;
  terms: SessionTerms;
  condition: Condition | null;
  bumps: boolean;
}

interface Merge {
  patch: Json;
  terms: SessionTerms;
  condition: Condition | null;
}

/** Changes sessions where they are kept, each in one step there. A step without an answer is never sent again. */
export class SharedChanges {
  readonly #parts: Parts;
  readonly #merging = new KeyedLock();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async begin(place: SessionPlace, text: string, { mode, terms, past }: Beginning): Promise<SessionView> {
    const { rows, idleTimeoutMs } = this.#parts;
    const data = this.#measured(text);
    if (past === null) checkTerms(terms, await rows.time());
    // An own id may look like one of ours, and be one.
    if (place.ownId !== null && mode !== "put" && isSessionId(place.ownId)) {
      const made = await rows.look({ key: place.ownId, namespace: place.namespace, ownId: null });
      if (made !== null) throw sessionExists();
    }
    const save = { ...place, mode, data, terms, idleTimeoutMs: idleTimeoutMs(), past, version: null, bumps: true };
    const outcome = await this.#admitted(place, data, () => this.#save(save));
    switch (outcome.kind) {
      case "saved":
        return viewOfRow(outcome.row, outcome.row.bytes);
      case "ended":
        throw sessionEnded();
      case "over":
        throw new AppError(
          "validation-failed",
          "/expiresAt: the session has expired; to start it as a new one, send the record without its export fields",
        );
      default:
        throw sessionExists();
    }
  }

  /** @throws {AppError} not-found, version-mismatch, and what `begin` throws. */
  async change(namespace: string, id: string, { text, terms, condition, bumps }: Change): Promise<SessionView> {
    const { rows } = this.#parts;
    const data = text === null ? null : this.#measured(text);
    checkTerms(terms, await rows.time());
    for (const place of placesOf(namespace, id)) {
      const outcome = await this.#versioned(place, condition, (version) =>
        this.#admitted(place, data, () => this.#save(this.#changing(place, { data, terms, version, bumps }))),
      );
      if (outcome !== null) return savedView(outcome);
    }
    throw notFound();
  }

  /** Merges into the data as they are when nobody else was first. @throws {AppError} as `change`, and overloaded. */
  async merge(namespace: string, id: string, merge: Merge): Promise<SessionView> {
    checkTerms(merge.terms, await this.#parts.rows.time());
    for (const place of placesOf(namespace, id)) {
      const view = await this.#merging.run(place.key, () => this.#merge(place, merge));
      if (view !== null) return view;
    }
    throw notFound();
  }

  /** @returns whether it was there. @throws {AppError} version-mismatch. */
  async end(place: SessionPlace, condition: Condition | null): Promise<boolean> {
    const { rows, near, counters } = this.#parts;
    const outcome = await this.#versioned(place, condition, (version) => rows.end(place, version));
    near.drop(place.key);
    if (outcome !== null) counters.removed("deleted");
    return outcome !== null;
  }

  async #merge(place: SessionPlace, { patch, terms, condition }: Merge): Promise<SessionView | null> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const row = await this.#parts.rows.look(place);
      if (row === null) return null;
      const { version } = row;
      checkVersion(version, condition);
      const target: Json = JSON.parse(Buffer.from(row.data).toString());
      const data = this.#measured(JSON.stringify(mergePatch(target, patch)));
      const outcome = await this.#admitted(place, data, () =>
        this.#save(this.#changing(place, { data, terms, version, bumps: true })),
      );
      if (outcome.kind === "missing") return null;
      if (outcome.kind !== "version") return savedView(outcome);
    }
    throw contended();
  }

  /** Takes the step at the version that meets the condition; null when no session is there. @throws {AppError} version-mismatch. */
  async #versioned<Outcome extends SaveOutcome | EndOutcome>(
    place: SessionPlace,
    condition: Condition | null,
    step: (version: number | null) => Promise<Outcome>,
  ): Promise<Outcome | null> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      let version = onlyVersion(condition);
      if (version === undefined) {
        const row = await this.#parts.rows.look(place);
        if (row === null) return null;
        checkVersion(row.version, condition);
        version = row.version;
      }
      const outcome = await step(version);
      if (outcome.kind === "missing") return null;
      if (outcome.kind !== "version") return outcome;
      checkVersion(outcome.version, condition);
    }
    throw contended();
  }

  #changing(
    place: SessionPlace,
    { data, terms, version, bumps }: Pick<SessionSave, "data" | "terms" | "version" | "bumps">,
  ): SessionSave {
    const { key, namespace, ownId } = place;
    const idleTimeoutMs = this.#parts.idleTimeoutMs();
    return { key, namespace, ownId, mode: "change", data, terms, idleTimeoutMs, past: null, version, bumps };
  }

  async #save(change: SessionSave): Promise<SaveOutcome> {
    const { rows, near } = this.#parts;
    try {
      return await rows.save(change);
    } finally {
      // Also where no answer came: it may have been done.
      near.drop(change.key);
    }
  }

  /** Takes what the data grow by from the quota of the namespace, until it is there to be counted. @throws {AppError} quota-exceeded. */
  async #admitted<Outcome>(
    place: SessionPlace,
    data: MeasuredText | null,
    change: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const gate = this.#parts.quotas.of(place.namespace);
    if (gate === null || data === null) return change();
    const entry = await gate.enter({ bytes: data.bytes, items: 1 }, async () => {
      const before = await this.#parts.rows.look(place);
      return [{ bytes: data.bytes - (before?.data.length ?? 0), items: before === null ? 1 : 0 }];
    });
    try {
      if (entry.refused.size > 0) throw gate.exceeded();
      return await change();
    } finally {
      entry.leave();
    }
  }

  #measured(text: string): MeasuredText {
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_DATA_BYTES) return { text, bytes };
    this.#parts.counters.reject();
    throw new AppError(
      "item-too-large",
      `The data takes ${bytes} bytes as JSON; the limit is ${MAX_DATA_BYTES} bytes.`,
    );
  }
}

/** The one version that a condition names; null: any. Undefined: it says more, and must be compared with what is there. */
function onlyVersion(condition: Condition | null): number | null | undefined {
  if (condition === null) return null;
  const [tags, ...more] = condition.match;
  const [tag] = tags ?? [];
  const isOne = more.length === 0 && tags?.length === 1 && condition.noneMatch.length === 0;
  return isOne && /^[1-9]\d{0,9}$/.test(tag ?? "") ? Number(tag) : undefined;
}

function savedView(outcome: SaveOutcome): SessionView {
  if (outcome.kind === "saved") return viewOfRow(outcome.row, outcome.row.bytes);
  // Its end passed between the check of the terms and the change.
  throw notFound();
}

const contended = (): AppError =>
  new AppError("overloaded", "Too many others change this session at once. Retry later.", { retryAfterSeconds: 1 });
