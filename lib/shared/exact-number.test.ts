import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findInexact, isExact, plainDigits } from "./exact-number.ts";

/** Value of a number without rounding, as an integer over a power of ten that all cases share. */
function scaled(text: string): bigint {
  const [, sign, whole = "", fraction = "", power] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const zeros = 400 + Number(power ?? 0) - fraction.length;
  const value = BigInt(whole + fraction) * 10n ** BigInt(zeros);
  return sign === "-" ? -value : value;
}

const digits = (most: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: most });
const numbers = fc
  .record({
    sign: fc.constantFrom("", "-"),
    whole: fc.oneof(
      fc.constant("0"),
      digits(24).map((text) => text.replace(/^0+(?=.)/, "")),
    ),
    fraction: fc.option(digits(24)),
    power: fc.option(fc.integer({ min: -40, max: 40 })),
  })
  .map(
    ({ sign, whole, fraction, power }) =>
      `${sign}${whole}${fraction === null ? "" : `.${fraction}`}${power === null ? "" : `E${power}`}`,
  );

describe("isExact", () => {
  it("agrees with arithmetic without rounding on any number", () => {
    fc.assert(
      fc.property(fc.oneof(numbers, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)), (text) => {
        fc.pre(Math.abs(Number(text)) < 1e80 && (Number(text) === 0 || Math.abs(Number(text)) > 1e-80));
        const kept = JSON.stringify(Number(text));
        const same = scaled(text) === scaled(kept) && !(Number(text) === 0 && text.startsWith("-"));
        expect(isExact(text), text).toBe(same);
      }),
      { numRuns: 5000 },
    );
  });

  it("takes what only changes its spelling, and refuses what changes its value", () => {
    for (const text of [
      "0",
      "0.10",
      "1.0",
      "1e3",
      "1E21",
      "0e999999",
      "9007199254740992",
      "5e-324",
      "100000000000000000000",
    ])
      expect(isExact(text), text).toBe(true);
    const inexact = "-0 -0.0 -0e5 9007199254740993 1e400 -1e400 1e-400 0.1000000000000000055511151231257827 3e-324";
    for (const text of inexact.split(" ")) expect(isExact(text), text).toBe(false);
  });

  it("looks at a number of a million digits once", () => {
    expect(isExact(`1${"0".repeat(300)}.${"0".repeat(1_000_000)}`)).toBe(true);
    expect(isExact(`0.${"0".repeat(1_000_000)}1`)).toBe(false);
  });
});

describe("plainDigits", () => {
  it("writes a number out, and keeps two that differ apart", () => {
    const cases = [
      ["1e21", "1000000000000000000000"],
      ["1413617112501850121", "1413617112501850121"],
      ["12.50", "12.5"],
      ["125E-4", "0.0125"],
      ["-0", "-0"],
      ["0.0", "0"],
      ["-1.5e1", "-15"],
    ] as const;
    for (const [text, plain] of cases) expect(plainDigits(text, 256), text).toBe(plain);
    expect(plainDigits("1e300", 256)).toBeNull();
    expect(plainDigits("1e-999999999999", 256)).toBeNull();
  });
});

describe("findInexact", () => {
  const found = (text: string, rounded: string[][] = []) =>
    findInexact(text, rounded, 20).map(({ path, number }) => [path.join("/"), number]);

  it("tells where each number is that would change, whatever strings and keys hold", () => {
    const text =
      '{"a":[1,{"b\\"":-0}],"9007199254740993":"9007199254740993","c":{},"d":9007199254740993,"e":[[],[1e400]]}';
    expect(found(text)).toEqual([
      ['a/1/b"', "-0"],
      ["d", "9007199254740993"],
      ["e/1/0", "1e400"],
    ]);
    expect(found("9007199254740993")).toEqual([["", "9007199254740993"]]);
  });

  it("lets the lists be rounded that it is told of, and no list of the same name elsewhere", () => {
    const text = '{"points":[{"vector":[-0,1e-400],"metadata":{"vector":[-0]}}],"vector":[-0]}';
    expect(found(text, [["points", "*", "vector"]])).toEqual([
      ["points/0/metadata/vector/0", "-0"],
      ["vector/0", "-0"],
    ]);
  });

  it("finds no more than it is asked for", () => {
    expect(findInexact("[-0,-0,-0]", [], 2)).toHaveLength(2);
  });
});
