import { MIB } from "../../shared/bytes.ts";

/** How long a value rests at least before it is packed, and at most. */
const LEAST_IDLE_MS = 1_000;
const MOST_IDLE_MS = 32_000;
/** Unpacked values that may wait longer than a second: little beside what packing is for, enough for the 500 sessions of the default. */
const PATIENT_BYTES = 2 * MIB;
/** Judged when so much was packed, or so much wanted again. */
const JUDGED = 64;
/** Over this part wanted again, packing costs more than it saves; under the other one it pays. */
const TOO_MANY = 1 / 2;
const FEW = 1 / 8;

/**
 * How long a value must rest before it is packed: a second, and up to 32 while much of what was packed is soon read or
 * replaced. Packing a session of 2 KB costs as much as serving it twice, so values that are in use all the time are best left
 * alone, as long as they are few. What rests for 32 s is packed in any case.
 */
export class PackingPace {
  #idleMs = LEAST_IDLE_MS;
  #packed = 0;
  #wantedAgain = 0;

  /** @param unpackedBytes what is not packed now. */
  idleMs(unpackedBytes: number): number {
    return this.isPatient(unpackedBytes) ? this.#idleMs : LEAST_IDLE_MS;
  }

  /** So little is not packed that a value in use may as well stay ready. */
  isPatient(unpackedBytes: number): boolean {
    return unpackedBytes <= PATIENT_BYTES;
  }

  packed(): void {
    this.#packed++;
    this.#judge();
  }

  /** A packed value was read, or replaced. */
  wantedAgain(): void {
    this.#wantedAgain++;
    this.#judge();
  }

  #judge(): void {
    if (this.#packed + this.#wantedAgain < JUDGED) return;
    if (this.#wantedAgain > this.#packed * TOO_MANY) this.#idleMs = Math.min(MOST_IDLE_MS, this.#idleMs * 2);
    else if (this.#wantedAgain < this.#packed * FEW) this.#idleMs = Math.max(LEAST_IDLE_MS, this.#idleMs / 2);
    this.#packed = 0;
    this.#wantedAgain = 0;
  }
}
