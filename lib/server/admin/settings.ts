import {
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type Settings,
  type SettingsPatch,
  type SettingsView,
  settingRange,
} from "../../contracts/settings.ts";
import { LEAST_LIMIT_MB } from "../../memory/pressure/room-for-stores.ts";
import type { SettingRevisionRow, SettingRows } from "../../ports/admin-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";

type Stored = Partial<Settings>;
type Listener = (values: Settings) => void;

/** The revision list that a view shows. */
const SHOWN_REVISIONS = 20;

const DEFAULTS = Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].fallback])) as Settings;

/** The current settings: environment variables over stored values over defaults. */
export class SettingsStore {
  readonly #rows: SettingRows;
  readonly #clock: Clock;
  readonly #pinned: Stored;
  readonly #listeners = new Set<Listener>();
  #revisions: SettingRevisionRow[];
  #values: Settings;
  /** Changes run one after another, so that none is lost between reading and writing. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(rows: SettingRows, clock: Clock, pinned: Stored, revisions: SettingRevisionRow[]) {
    this.#rows = rows;
    this.#clock = clock;
    this.#pinned = pinned;
    this.#revisions = revisions;
    this.#values = this.#resolve();
  }

  static async open(rows: SettingRows, clock: Clock, pinned: Stored): Promise<SettingsStore> {
    return new SettingsStore(rows, clock, pinned, await rows.newest(SHOWN_REVISIONS));
  }

  get values(): Settings {
    return this.#values;
  }

  /** Calls `listener` after each change, and now. @returns the unsubscribe. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    listener(this.#values);
    return () => this.#listeners.delete(listener);
  }

  view(): SettingsView {
    const newest = this.#revisions[0];
    const stored = this.#stored();
    return {
      revision: newest?.revision ?? 0,
      changedAt: newest ? new Date(newest.createdAtMs).toISOString() : null,
      settings: SETTING_NAMES.map((name) => ({
        name,
        value: this.#values[name],
        default: DEFAULTS[name],
        source: name in this.#pinned ? "environment" : name in stored ? "stored" : "default",
        ...describe(name),
      })),
      revisions: this.#revisions.map(({ revision, actor, reason, createdAtMs }) => ({
        revision,
        actor,
        reason,
        createdAt: new Date(createdAtMs).toISOString(),
      })),
    };
  }

  /**
   * Changes settings; `null` resets a setting to its default.
   *
   * @throws {AppError} `pinned-by-environment`, or `unprocessable` for a limit that is too small to work; nothing changes then.
   */
  patch(patch: SettingsPatch, actor: string): Promise<void> {
    return this.#inTurn(async () => {
      const names = Object.keys(patch) as SettingName[];
      const pinned = names.filter((name) => name in this.#pinned);
      if (pinned.length > 0) {
        throw new AppError(
          "pinned-by-environment",
          `These settings are fixed by environment variables: ${pinned.map((name) => SETTINGS[name].variable).join(", ")}.`,
          {
            errors: pinned.map((name) => ({
              path: `/${name}`,
              message: `is fixed by the environment variable ${SETTINGS[name].variable}`,
            })),
          },
        );
      }
      requireRoom(patch.memoryLimitMb);
      const values = { ...this.#stored(), ...patch };
      const kept = Object.fromEntries(
        Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
      );
      await this.#keep(kept, actor, `set ${names.join(", ")}`);
    });
  }

  /**
   * Returns to an earlier revision (0: no change at all), as a new one. @throws {AppError} `not-found`,
   * `unprocessable`.
   */
  rollback(revision: number | undefined, actor: string): Promise<number> {
    return this.#inTurn(async () => {
      const present = this.#revisions[0]?.revision ?? 0;
      const wanted = revision ?? this.#revisions[1]?.revision ?? 0;
      const row = wanted === 0 ? { values: {} as Record<string, unknown> } : await this.#rows.find(wanted);
      if (row && !("memoryLimitMb" in this.#pinned)) requireRoom(row.values.memoryLimitMb);
      if (present === 0 || !row) throw new AppError("not-found", `No revision ${wanted} exists to roll back to.`);
      await this.#keep(row.values, actor, `rolled back to revision ${wanted}`);
      return wanted;
    });
  }

  async #keep(values: Readonly<Record<string, unknown>>, actor: string, reason: string): Promise<void> {
    const row = { values, actor, reason, createdAtMs: this.#clock.nowMs() };
    const revision = await this.#rows.insert(row);
    this.#revisions = [{ ...row, revision }, ...this.#revisions].slice(0, SHOWN_REVISIONS);
    this.#values = this.#resolve();
    for (const listener of this.#listeners) listener(this.#values);
  }

  #stored(): Stored {
    const stored: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.#revisions[0]?.values ?? {})) {
      // Another version, with other names or ranges, may have written it.
      const parsed = name in SETTINGS ? SETTINGS[name as SettingName].schema.safeParse(value) : null;
      if (parsed?.success) stored[name] = parsed.data;
    }
    return stored as Stored;
  }

  #resolve(): Settings {
    return { ...DEFAULTS, ...this.#stored(), ...this.#pinned };
  }

  #inTurn<Value>(change: () => Promise<Value>): Promise<Value> {
    const turn = this.#queue.then(change);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

/** The start refuses such a limit. Accepted later, it would refuse every write and the next start. */
function requireRoom(memoryLimitMb: unknown): void {
  if (typeof memoryLimitMb !== "number" || memoryLimitMb >= LEAST_LIMIT_MB) return;
  throw new AppError("unprocessable", `The process needs a memory limit of at least ${LEAST_LIMIT_MB} MB for itself.`, {
    errors: [{ path: "/memoryLimitMb", message: `must be at least ${LEAST_LIMIT_MB}` }],
  });
}

function describe(name: SettingName) {
  const { variable, unit, description } = SETTINGS[name];
  return { variable, unit, description, ...settingRange(name) };
}
