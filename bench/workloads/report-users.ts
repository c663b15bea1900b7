import type { HttpClient } from "./http-client.ts";
import { zipfSampler } from "./random.ts";

const USERS = 2000;
const JSON_TYPE = { "content-type": "application/json" };

/** 2,000 users with Zipf(1.0) activity; sessions of 0.5–8 KB are made, read, updated, and left or ended. */
export class ReportUsers {
  readonly #client: HttpClient;
  readonly #random: () => number;
  readonly #nextUser: () => number;
  readonly #sessions = new Map<number, { id: string; body: string; busy: boolean }>();

  constructor(client: HttpClient, random: () => number) {
    this.#client = client;
    this.#random = random;
    this.#nextUser = zipfSampler(USERS, 1, random);
  }

  async act(): Promise<void> {
    const user = this.#nextUser();
    const session = this.#sessions.get(user);
    const draw = this.#random();
    if (!session) return this.#begin(user);
    // One user does one thing at a time: what is expected back is then certain.
    if (session.busy) return;
    session.busy = true;
    try {
      if (draw < 0.7) await this.#read(user, session);
      else if (draw < 0.95) await this.#update(user, session);
      else if (draw < 0.98) await this.#end(user, session.id);
      // Left without a word: the server's idle timeout has to notice.
      else this.#sessions.delete(user);
    } finally {
      session.busy = false;
    }
  }

  async #begin(user: number): Promise<void> {
    const body = this.#data(user);
    const slot = { id: "", body, busy: true };
    this.#sessions.set(user, slot);
    const sent = Buffer.from(`{"data":${body}}`);
    const answer = await this.#client.send("session create", "POST", "/api/v1/sessions", [201], sent, JSON_TYPE);
    if (answer?.status !== 201) {
      this.#sessions.delete(user);
      return;
    }
    slot.id = (JSON.parse(answer.body.toString()) as { id: string }).id;
    slot.busy = false;
  }

  async #read(user: number, session: { id: string; body: string }): Promise<void> {
    const answer = await this.#client.send("session read", "GET", `/api/v1/sessions/${session.id}`, [200, 404]);
    if (answer?.status === 404) this.#sessions.delete(user);
    if (answer?.status !== 200) return;
    const { data } = JSON.parse(answer.body.toString()) as { data: unknown };
    if (JSON.stringify(data) !== session.body) this.#client.fail("session read: not the data that was written");
  }

  async #update(user: number, session: { id: string; body: string }): Promise<void> {
    const body = this.#data(user);
    const sent = Buffer.from(`{"data":${body}}`);
    const path = `/api/v1/sessions/${session.id}`;
    const answer = await this.#client.send("session update", "PUT", path, [200, 404], sent, JSON_TYPE);
    if (answer?.status === 200) session.body = body;
    if (answer?.status === 404) this.#sessions.delete(user);
  }

  async #end(user: number, id: string): Promise<void> {
    await this.#client.send("session end", "DELETE", `/api/v1/sessions/${id}`, [204, 404]);
    this.#sessions.delete(user);
  }

  #data(user: number): string {
    const bytes = 512 * 16 ** this.#random();
    const turns: object[] = [];
    const data = { user: `user-${user}`, locale: "en-GB", roles: ["reader"], turns };
    for (let size = 100; size < bytes; size += 110) {
      turns.push({
        at: 1_700_000_000 + Math.floor(this.#random() * 1e7),
        page: `/products/${Math.floor(this.#random() * 5000)}`,
        seconds: Math.floor(this.#random() * 300),
        referrer: "search",
      });
    }
    return JSON.stringify(data);
  }
}
