import { setTimeout as sleep } from "node:timers/promises";
import type { HttpClient } from "./http-client.ts";
import { seededRandom, zipfSampler } from "./random.ts";

const RESPONSES = 400;

/** 400 distinct responses of 2–64 KB behind fill leases; a miss costs its holder 20–400 ms of computing. */
export class ReportResponses {
  hits = 0;
  misses = 0;
  /** Misses that waited for another caller's computing. */
  waited = 0;
  readonly #client: HttpClient;
  readonly #nextResponse: () => number;
  readonly #bodies = new Map<number, Buffer>();
  readonly #seed: number;

  constructor(client: HttpClient, random: () => number, popularity: number, seed: number) {
    this.#client = client;
    this.#seed = seed;
    this.#nextResponse = zipfSampler(RESPONSES, popularity, random);
  }

  async ask(): Promise<void> {
    const rank = this.#nextResponse();
    const path = `/api/v1/cache/report%2F${rank}`;
    const answer = await this.#client.send("response get", "GET", path, [200, 404]);
    if (!answer) return;
    if (answer.status === 200) {
      this.hits += 1;
      this.#check(rank, answer.body);
      return;
    }
    this.misses += 1;
    const lease = answer.headers["x-fill-lease"];
    if (typeof lease === "string") return this.#fill(rank, path, lease);
    const later = await this.#client.send("response wait", "GET", `${path}?wait=5000`, [200, 404]);
    if (later?.status === 200) {
      this.waited += 1;
      this.#check(rank, later.body);
    } else if (typeof later?.headers["x-fill-lease"] === "string") {
      await this.#fill(rank, path, later.headers["x-fill-lease"]);
    }
  }

  async #fill(rank: number, path: string, lease: string): Promise<void> {
    await sleep(20 + 380 * seededRandom(this.#seed + rank)());
    const headers = { "content-type": "application/json", "x-fill-lease": lease, "cache-tag": `group-${rank % 10}` };
    await this.#client.send("response put", "PUT", path, [201, 204], this.#body(rank), headers);
  }

  #check(rank: number, body: Buffer): void {
    if (!body.equals(this.#body(rank))) this.#client.fail("response get: not the bytes that were put");
  }

  /** 2–64 KB, the same for a rank at every time: what comes back can be compared. */
  #body(rank: number): Buffer {
    const made = this.#bodies.get(rank);
    if (made) return made;
    const random = seededRandom(this.#seed * 1009 + rank);
    const bytes = 2048 * 32 ** random();
    const rows: string[] = [];
    for (let size = 2; size < bytes; size += 96) {
      rows.push(
        `{"id":${Math.floor(random() * 1e9)},"name":"item ${Math.floor(random() * 5000)}","price":${(random() * 100).toFixed(2)},"stock":${Math.floor(random() * 90)},"note":"ships today"}`,
      );
    }
    const body = Buffer.from(`[${rows.join(",")}]`);
    this.#bodies.set(rank, body);
    return body;
  }
}
