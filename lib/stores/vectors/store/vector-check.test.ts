import { expect, it } from "vitest";
import { storedProblem, vectorProblem } from "./vector-check.ts";

const shape = { dimensions: 2, metric: "cosine", precision: "float16" } as const;

it("names what is wrong with a vector, and where", () => {
  const problems: [unknown, RegExp | null][] = [
    [[1, 2], null],
    [new Float32Array([1, 2]), null],
    [[65_504, -65_504], null],
    [[1e-17, 0], null],
    [[1, 2, 3], /3 dimensions, the collection has 2/],
    ["ab", /list|array/],
    [[1, Number.NaN], /vector\[1\] is not a finite number/],
    [[Number.POSITIVE_INFINITY, 1], /vector\[0\] is not a finite number/],
    [[null, 1], /vector\[0\] is not a finite number/],
    [["1", 1], /vector\[0\] is not a finite number/],
    [[1, 65_505], /vector\[1\] is outside ±65,504/],
    [[0, 0], /zero/],
    [[1e-200, -0], /zero/],
  ];
  for (const [vector, problem] of problems) {
    const found = vectorProblem(shape, vector)?.reason ?? null;
    if (problem) expect(found).toMatch(problem);
    else expect(found).toBeNull();
  }
  expect(vectorProblem({ ...shape, metric: "dot" }, [0, 0])).toBeNull();
  expect(vectorProblem({ ...shape, precision: "float32" }, [1e17, 1])).toBeNull();
  expect(vectorProblem({ ...shape, precision: "float32" }, [1e38, 1])?.reason).toMatch(/1e18/);
});

it("points at the value that is wrong", () => {
  expect(vectorProblem(shape, [1, 65_505])?.pointer).toBe("/1");
  expect(vectorProblem(shape, [1])?.pointer).toBe("");
});

it("refuses to store what float16 rounds to no direction, and asks with it", () => {
  const tiny = [2 ** -25, -1e-9];
  expect(vectorProblem(shape, tiny)).toBeNull();
  expect(storedProblem(shape, tiny)?.reason).toMatch(/after rounding to float16/);
  expect(storedProblem(shape, [2 ** -24, 0])).toBeNull();
  expect(storedProblem({ ...shape, precision: "int16" }, tiny)).toBeNull();
  expect(storedProblem({ ...shape, metric: "dot" }, tiny)).toBeNull();
});
