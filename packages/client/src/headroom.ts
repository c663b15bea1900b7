import { Admin } from "./admin.ts";
import { Cache } from "./cache.ts";
import { Conversations } from "./conversations.ts";
import { Documents } from "./documents.ts";
import { Monitoring } from "./monitoring.ts";
import { Sessions } from "./sessions.ts";
import { Streams } from "./streams.ts";
import { type HeadroomOptions, Transport } from "./transport.ts";
import { Collections } from "./vectors.ts";

/** A Headroom server. Holds no connection of its own: it can be made once and kept. */
export class Headroom {
  readonly sessions: Sessions;
  readonly cache: Cache;
  readonly collections: Collections;
  readonly documents: Documents;
  readonly conversations: Conversations;
  readonly streams: Streams;
  readonly monitoring: Monitoring;
  readonly admin: Admin;
  /** For what has no method yet: the same key, retries and errors. */
  readonly transport: Transport;

  constructor(options: HeadroomOptions) {
    const transport = new Transport(options);
    this.transport = transport;
    this.sessions = new Sessions(transport);
    this.cache = new Cache(transport);
    this.collections = new Collections(transport);
    this.documents = new Documents(transport);
    this.conversations = new Conversations(transport);
    this.streams = new Streams(transport);
    this.monitoring = new Monitoring(transport);
    this.admin = new Admin(transport);
  }
}
