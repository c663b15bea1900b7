/** What comes in without saying how much: the process does not pass its limit for it. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import { expect, test } from "@playwright/test";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";

const MIB = 1_048_576;
const LIMIT_MB = 256;
const PIECE = randomBytes(65_536);

/** Puts a body of so many bytes in chunks, as a client does that does not know its length; resolves to the answer's status. */
function putChunked(server: TestServer, key: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${server.url}/api/v1/cache/${key}`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${OPERATOR_KEY}`,
        "content-type": "application/octet-stream",
        "transfer-encoding": "chunked",
      },
    });
    request.once("response", (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    });
    request.once("error", reject);
    let left = bytes;
    const send = () => {
      while (left > 0) {
        left -= PIECE.length;
        if (!request.write(PIECE)) return request.once("drain", send);
      }
      return request.end();
    };
    send();
  });
}

test("bodies without a length, many at once, are taken or refused with 503, the limit is not passed, and one alone is taken again afterwards", async () => {
  const server = await TestServer.start({
    env: {
      HEADROOM_MEMORY_LIMIT_MB: String(LIMIT_MB),
      HEADROOM_CACHE_MAX_ENTRIES: "100000",
      HEADROOM_CACHE_MAX_MB: "1024",
    },
  });
  try {
    const statuses: number[] = [];
    let next = 0;
    const client = async () => {
      while (next < 60) statuses.push(await putChunked(server, `chunked-${next++}`, 7 * MIB));
    };
    expect(await putChunked(server, "alone", 7 * MIB)).toBe(201);
    await Promise.all(Array.from({ length: 32 }, client));
    // 408: the machine was so busy that a body took longer than a body may.
    expect(statuses.filter((status) => ![201, 408, 503].includes(status))).toEqual([]);
    const mostKilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1];
    expect(Number(mostKilobytes) / 1024).toBeLessThanOrEqual(LIMIT_MB);
    // What the burst left behind is given back: another alone is taken again.
    await expect.poll(() => putChunked(server, "afterwards", 7 * MIB)).toBe(201);
  } finally {
    await server.remove();
  }
});
