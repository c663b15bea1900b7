import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MemoryGate } from "./memory-gate.ts";

const MIB = 2 ** 20;

function gateOf(limitBytes: number) {
  const clock = new FakeClock();
  const state = { usedBytes: 0, readings: 0, changes: [] as boolean[] };
  const gate = new MemoryGate({
    clock,
    readUsedBytes: () => {
      state.readings += 1;
      return state.usedBytes;
    },
    limitBytes: () => limitBytes,
    retryAfterSeconds: () => 2.1,
    onReading: () => undefined,
    onChange: (closed) => state.changes.push(closed),
  });
  return { gate, clock, state };
}

function refusal(attempt: () => unknown): AppError | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

describe("MemoryGate", () => {
  it("closes at 95 % and opens only below 90 %", () => {
    const { gate, clock, state } = gateOf(1000 * MIB);
    const seen: boolean[] = [];
    for (const percent of [94, 95, 93, 90, 89, 94]) {
      state.usedBytes = percent * 10 * MIB;
      clock.advance(250);
      gate.read();
      seen.push(gate.closed);
    }
    expect(seen).toEqual([false, true, true, true, false, false]);
    expect(state.changes).toEqual([true, false]);
  });

  it("refuses with memory-pressure and whole seconds of Retry-After", () => {
    const { gate, state } = gateOf(100 * MIB);
    state.usedBytes = 96 * MIB;
    const error = refusal(() => gate.admit(0));
    expect(error).toMatchObject({ code: "memory-pressure", status: 503, retryAfterSeconds: 3 });
    expect(gate.refusals).toBe(1);
  });

  it("reads at most four times a second for small writes, however many come", () => {
    const { gate, clock, state } = gateOf(1000 * MIB);
    for (let write = 0; write < 10_000; write++) {
      gate.admit(100)();
      clock.advance(0.1);
    }
    expect(state.readings).toBeLessThanOrEqual(5);
  });

  it("never lets writes pass the limit between readings, whatever their sizes and however many are under way", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 95 }),
        fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 8 * MIB }), wait: fc.nat(100), done: fc.boolean() }), {
          maxLength: 200,
        }),
        (percent, writes) => {
          const limit = 400 * MIB;
          const { gate, clock, state } = gateOf(limit);
          state.usedBytes = (percent / 100) * limit;
          const open: (() => void)[] = [];
          for (const { bytes, wait, done } of writes) {
            clock.advance(wait);
            try {
              open.push(gate.admit(bytes));
            } catch {
              continue;
            }
            // The worst a write can do: all three copies live at once, and all of it stays.
            state.usedBytes += 3 * bytes;
            expect(state.usedBytes).toBeLessThanOrEqual(limit);
            if (done) open.pop()?.();
          }
        },
      ),
    );
  });

  it("counts a write that is released twice once", () => {
    const { gate } = gateOf(100 * MIB);
    const release = gate.admit(20 * MIB);
    release();
    release();
    const again = gate.admit(20 * MIB);
    expect(refusal(() => gate.admit(20 * MIB))?.code).toBe("memory-pressure");
    again();
  });
});
