import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { Arrivals } from "./arrivals.ts";

/** A request as far as an arrival looks at it. */
const newRequest = () => Object.assign(new EventEmitter(), { complete: false }) as unknown as IncomingMessage;

it("tells of each body that takes 30 s within half a second, and of none that arrived or whose sender left", () => {
  const clock = new FakeClock();
  const arrivals = new Arrivals(clock, 30_000);
  const stop = arrivals.start();
  const late: string[] = [];
  const [slow, slower, complete, gone] = [newRequest(), newRequest(), newRequest(), newRequest()];
  arrivals.expect(slow, () => late.push("slow"));
  arrivals.expect(complete, () => late.push("complete"));
  arrivals.expect(gone, () => late.push("gone"));
  clock.advance(10_000);
  arrivals.expect(slower, () => late.push("slower"));
  complete.complete = true;
  gone.emit("close");
  clock.advance(19_999);
  expect(late).toEqual([]);
  clock.advance(501);
  expect(late).toEqual(["slow"]);
  clock.advance(10_000);
  expect(late).toEqual(["slow", "slower"]);
  stop();
});

it("remembers no request that has ended", () => {
  const arrivals = new Arrivals(new FakeClock(), 30_000);
  for (let at = 0; at < 10_000; at++) {
    const request = newRequest();
    arrivals.expect(request, () => undefined);
    request.emit("close");
  }
  expect(arrivals.size).toBe(0);
});
