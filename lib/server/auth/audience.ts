import type { Role } from "../../contracts/auth.ts";
import { EVENT_AUDIENCE } from "../../contracts/events.ts";
import type { OptimizationRun } from "../../contracts/memory.ts";
import type { ServerEvent } from "../observe/events.ts";
import type { Identity } from "./key-ring.ts";

/** What a viewer reads for the name of somebody else's operator. */
const SOMEBODY = "an operator";

/** An event as some sockets hear it: those in one of the rooms `to`, and in none of `except`. */
export interface Telling {
  event: ServerEvent;
  to: readonly string[];
  except: readonly string[];
}

const OPERATORS = "operator";
const roomOf = (role: Role, namespace: string): string => `${role}:${namespace}`;

/** Where a socket of this key stands. No namespace has a colon. */
export function roomsOf({ role, namespace }: Identity): string[] {
  return [role, roomOf(role, namespace)];
}

/** Who hears what of an event: the same that each may read over HTTP. */
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

/** A run as this key may read it: the names of another namespace's keys are not its business. */
export function runFor(
  { role, namespace }: Pick<Identity, "role" | "namespace">,
  run: OptimizationRun,
): OptimizationRun {
  return role === OPERATORS || run.actorNamespace === namespace ? run : withoutActor(run);
}

/** The run itself where no key asked for it. */
function withoutActor(run: OptimizationRun): OptimizationRun {
  if (run.trigger !== "manual") return run;
  const { actorNamespace: _, ...rest } = run;
  return { ...rest, actor: SOMEBODY };
}
