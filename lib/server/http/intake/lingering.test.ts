import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type LingerBounds, Lingering } from "./lingering.ts";

const MIB = 1_048_576;
let server: Server;
let served = 0;

/** A server that answers without reading, and closes. */
async function newServer(bounds: LingerBounds): Promise<Lingering> {
  const lingering = new Lingering(bounds);
  served = 0;
  server = createServer((request, response) => {
    if (lingering.has(request.socket)) return;
    served += 1;
    lingering.watch(request, response);
    response.writeHead(413, { Connection: "close", "Content-Length": 2 }).end("no");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return lingering;
}

/** A client that has sent the head of a large body, and has read the answer to the end of the server's half. */
async function refused(): Promise<net.Socket> {
  const socket = net.connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  socket.write(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${8 * MIB}\r\n\r\n`);
  let answer = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toMatch(/\r\n\r\nno$/);
  return socket;
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it("reads a refused body to its end, closes then, and serves nothing that follows it", async () => {
  const lingering = await newServer({ sockets: 4, ms: 60_000, bytes: 16 * MIB });
  const closed = once(server, "connection").then(([socket]) => once(socket as net.Socket, "close"));
  const socket = await refused();
  expect(lingering.size).toBe(1);
  socket.write(Buffer.alloc(8 * MIB));
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await closed;
  expect(served).toBe(1);
  expect(lingering.size).toBe(0);
  socket.destroy();
});

it("ends a connection whose client neither sends nor closes when its time is over", async () => {
  const lingering = await newServer({ sockets: 4, ms: 20, bytes: MIB });
  const closed = once(server, "connection").then(([socket]) => once(socket as net.Socket, "close"));
  await refused();
  await closed;
  expect(lingering.size).toBe(0);
});

it("lets no more connections linger than its bound: those over it close at once", async () => {
  const lingering = await newServer({ sockets: 2, ms: 60_000, bytes: MIB });
  const sockets = [await refused(), await refused()];
  expect(lingering.size).toBe(2);
  const closed = once(server, "connection").then(([socket]) => once(socket as net.Socket, "close"));
  sockets.push(await refused());
  await closed;
  expect(lingering.size).toBe(2);
  for (const socket of sockets) socket.destroy();
});

it("reads no more of a body than its bound of bytes", async () => {
  await newServer({ sockets: 4, ms: 60_000, bytes: MIB });
  const paused = new Promise<number>((resolve) => {
    server.prependListener("request", (request: IncomingMessage) => {
      request.once("pause", () => resolve(request.socket.bytesRead));
    });
  });
  const socket = await refused();
  socket.write(Buffer.alloc(8 * MIB - 1));
  expect(await paused).toBeLessThan(2 * MIB);
  socket.destroy();
});
