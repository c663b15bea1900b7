import { io, type Socket } from "socket.io-client";
import { describe, expectTypeOf, it } from "vitest";
import type { ServerEvents } from "../../../lib/contracts/events.ts";
import type {
  LeakReport,
  MemoryAlert,
  OptimizationRun,
  SamplePush,
  ServerToClientEvents,
  StreamJob,
} from "../src/index.ts";

type Feed = Socket<ServerToClientEvents, Record<string, never>>;

/** Never connected: only its types are looked at. */
const open = (): Feed => io("http://127.0.0.1:9/monitoring", { autoConnect: false });

describe("ServerToClientEvents", () => {
  it("types a socket of socket.io-client: each event with what it carries", () => {
    const socket = open();
    socket.on("memory:sample", (push) => expectTypeOf(push).toEqualTypeOf<SamplePush>());
    socket.on("memory:alert", (alert) => expectTypeOf(alert).toEqualTypeOf<MemoryAlert>());
    socket.on("memory:leak", (report) => expectTypeOf(report).toEqualTypeOf<LeakReport>());
    socket.on("memory:optimized", (run) => expectTypeOf(run).toEqualTypeOf<OptimizationRun>());
    socket.on("stream:progress", (job) => expectTypeOf(job).toEqualTypeOf<StreamJob>());
    socket.on("signed-out", ({ reason }) => expectTypeOf(reason).toEqualTypeOf<"signed-out">());
    // @ts-expect-error: the server has no such event
    socket.on("memory:samples", () => undefined);
    // @ts-expect-error: the server takes no event
    socket.emit("memory:sample", 1);
  });
  it("has the events that the server emits, no more and no fewer, and takes whatever it sends", () => {
    expectTypeOf<keyof ServerToClientEvents>().toEqualTypeOf<keyof ServerEvents>();
    type Payload<Events, Name extends keyof Events> = Events[Name] extends (payload: infer Value) => void
      ? Value
      : never;
    type Sent = { [Name in keyof ServerEvents]: Payload<ServerEvents, Name> };
    type Received = { [Name in keyof ServerToClientEvents]: Payload<ServerToClientEvents, Name> };
    expectTypeOf<Sent>().toExtend<Received>();
  });
});
