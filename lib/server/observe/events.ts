import type { BroadcastEvents } from "../../contracts/events.ts";

/** An event's name and what it tells, as one value: looking at the name settles the type of the other. */
export type ServerEvent = {
  [Name in keyof BroadcastEvents]: [name: Name, payload: Parameters<BroadcastEvents[Name]>[0]];
}[keyof BroadcastEvents];

/** Every event that the socket pushes; whoever makes one need not know of sockets. */
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
