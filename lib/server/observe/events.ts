import type { BroadcastEvents } from "../../contracts/events.ts";

/** An event's name and payload as one value, so that checking the name narrows the payload's type. */
export type ServerEvent = {
  [Name in keyof BroadcastEvents]: [name: Name, payload: Parameters<BroadcastEvents[Name]>[0]];
}[keyof BroadcastEvents];

/** Every event that the socket pushes. Publishers do not need to know about sockets. */
export class Events {
  readonly #listeners = new Set<(...event: ServerEvent) => void>();

  emit(...event: ServerEvent): void {
    for (const listener of this.#listeners) listener(...event);
  }

  /** @returns the unsubscribe. */
  subscribe(listener: (...event: ServerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
