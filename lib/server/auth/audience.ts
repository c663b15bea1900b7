import type { Role } from "../../contracts/auth.ts";
import { EVENT_AUDIENCE } from "../../contracts/events.ts";
import type { OptimizationRun } from "../../contracts/memory.ts";
import type { ServerEvent } from "../observe/events.ts";
import type { Identity } from "./held-key.ts";

/** The actor shown to a viewer of another namespace. */
const SOMEBODY = "an operator";

/** An event for the sockets in one of the rooms `to` and in none of `except`. */
export interface Telling {
  event: ServerEvent;
  to: readonly string[];
  except: readonly string[];
}

const OPERATORS = "operator";
const roomOf = (role: Role, namespace: string): string => `${role}:${namespace}`;

/** The room of the sockets of this key. Namespaces contain no colon. */
export function roomsOf({ role, namespace }: Identity): string[] {
  return [role, roomOf(role, namespace)];
}

/** The recipients of an event, each with the content that it may read over HTTP. */
export function tellingsOf(event: ServerEvent): Telling[] {
  const [name, payload] = event;
  const { roles } = EVENT_AUDIENCE[name];
  if (name === "stream:progress") {
    return [{ event, to: [OPERATORS, ...roles.map((role) => roomOf(role, payload.namespace))], except: [] }];
  }
  if (name !== "memory:optimized" && name !== "memory:optimize-progress") {
    return [{ event, to: [OPERATORS, ...roles], except: [] }];
  }
  const hidden = withoutActor(payload);
  if (hidden === payload) return [{ event, to: [OPERATORS, ...roles], except: [] }];
  const knowing = payload.actorNamespace === undefined ? [] : [roomOf("viewer", payload.actorNamespace)];
  return [
    { event, to: [OPERATORS, ...knowing], except: [] },
    { event: [name, hidden], to: roles, except: knowing },
  ];
}

/** A run as this key may read it, without the names of other namespaces' keys. */
export function runFor(
  { role, namespace }: Pick<Identity, "role" | "namespace">,
  run: OptimizationRun,
): OptimizationRun {
  return role === OPERATORS || run.actorNamespace === namespace ? run : withoutActor(run);
}

/** The unchanged run if no key requested it. */
function withoutActor(run: OptimizationRun): OptimizationRun {
  if (run.trigger !== "manual") return run;
  const { actorNamespace: _, ...rest } = run;
  return { ...rest, actor: SOMEBODY };
}
