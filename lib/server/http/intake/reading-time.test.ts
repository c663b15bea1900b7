import { once } from "node:events";
import { createServer } from "node:http";
import net, { type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { systemClock } from "../../../shared/clock.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { ReadingTime, timeHeaders } from "./reading-time.ts";

/** A loop that does not turn: its clock goes on, and each alarm comes once, late. */
class StuckClock extends FakeClock {
  #lateMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#lateMs;
  }

  stick(byMs: number): void {
    this.#lateMs += byMs;
  }
}

it("goes with the clock while the loop turns, and stands while it is late", () => {
  const clock = new StuckClock();
  const reading = new ReadingTime(clock, 15_000);
  const stop = reading.start();
  clock.advance(20_000);
  expect([reading.monotonicMs(), reading.timeoutMs]).toEqual([20_000, 15_000]);
  clock.stick(9_000);
  expect([reading.monotonicMs(), reading.timeoutMs]).toEqual([20_500, 24_000 - 500]);
  clock.advance(500);
  expect([reading.monotonicMs(), reading.timeoutMs]).toEqual([20_500, 24_000 - 500]);
  clock.advance(10_000);
  expect([reading.monotonicMs(), reading.timeoutMs]).toEqual([30_500, 24_000 - 500]);
  clock.advance(5_000);
  expect([reading.monotonicMs(), reading.timeoutMs]).toEqual([35_500, 15_000]);
  stop();
});

it("T51: headers that came while the server was busy for longer than their timeout are read, and half a request ends with 408", async () => {
  const server = createServer({ headersTimeout: 1_000, requestTimeout: 0, connectionsCheckingInterval: 100 });
  const reading = new ReadingTime(systemClock, 1_000);
  const stop = reading.start();
  timeHeaders(server, reading);
  server.on("request", (_request, response) => response.end("read"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const send = (text: string) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => undefined);
    return { socket, told: once(socket, "close").then(() => Buffer.concat(chunks).toString()) };
  };
  const whole = send("GET / HTTP/1.1\r\nHost: x\r\n");
  await Promise.all([once(server, "connection"), once(whole.socket, "connect")]);
  whole.socket.write("Connection: close\r\n\r\n");
  // What the kernel holds already is read only afterwards.
  const until = performance.now() + 3_000;
  while (performance.now() < until);
  expect(await whole.told).toContain("HTTP/1.1 200 OK");
  expect(await send("GET / HTTP/1.1\r\nHost: x\r\n").told).toContain("HTTP/1.1 408 Request Timeout");
  stop();
  server.close();
});
