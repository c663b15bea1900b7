import { expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { BudgetAccount } from "../core/budget-account.ts";
import { Owners } from "../core/owners.ts";
import { BackgroundCompressor } from "./background-compressor.ts";
import { BodyArena } from "./body-arena.ts";
import { examineBody, type HeldBody } from "./held-body.ts";
import { Inflations } from "./inflations.ts";

async function setUp(encoding: () => "gzip" | "br") {
  const owners = new Owners();
  const budget = new BudgetAccount(new TestAccount(8 * MIB, "cache"), 8 * MIB);
  const bodies = new BodyArena(budget, owners, () => false);
  const inflations = new Inflations(new TestAccount(8 * MIB, "cache"));
  const compressor = new BackgroundCompressor({ bodies, clock: new FakeClock(), maxQueued: 10, encoding });
  const hold = async (text: string): Promise<HeldBody> => {
    const bytes = Buffer.from(text.repeat(2_000));
    const body = bodies.hold(bytes, await examineBody(bytes, "identity", bytes.length, inflations), owners.of("n"));
    if (!body) throw new Error("no room");
    return body;
  };
  const identity = async (body: HeldBody) => String((await bodies.represent(body, [], inflations)).bytes);
  return { compressor, hold, identity };
}

it("leaves a body as it is when compressing throws, and goes on with the next", async () => {
  let calls = 0;
  const { compressor, hold, identity } = await setUp(() => {
    if (++calls === 1) throw new Error("zlib has no memory");
    return "gzip";
  });
  const [first, second] = [await hold("first "), await hold("second ")];
  compressor.add(first);
  compressor.add(second);
  await compressor.settle();
  expect([first.state, second.state]).toEqual(["tried", "compressed"]);
  expect([await identity(first), await identity(second)]).toEqual(["first ".repeat(2_000), "second ".repeat(2_000)]);
});

it("keeps bodies apart that are compressed at the same time", async () => {
  const { compressor, hold, identity } = await setUp(() => "br");
  const bodies = await Promise.all(["one ", "two ", "three "].map(hold));
  const shrunk = await Promise.all(bodies.map((body) => compressor.compressNow(body)));
  expect(shrunk).toEqual([true, true, true]);
  expect(await Promise.all(bodies.map(identity))).toEqual(["one ", "two ", "three "].map((text) => text.repeat(2_000)));
});
