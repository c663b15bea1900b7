import type { z } from "zod";
import type { Roles } from "../../contracts/auth.ts";
import { schemaError } from "../http/answer/problem.ts";
import type { Route } from "../http/define-route.ts";

/** The input of a route, before its schemas have seen it. */
export interface Asked {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

/** Calls a route for the caller of a tool: checked, admitted and answered as over HTTP. @throws {AppError} */
export type Ask = (route: Route, asked: Asked) => Promise<unknown>;

/** Finds a route by its method and path. @throws {Error} when no route has them. */
export type FindRoute = (operation: string) => Route;

/** What an agent may call: a name and schemas for the agent, and the routes that do the work. */
export interface Tool {
  name: string;
  title: string;
  description: string;
  /** Allowed roles in addition to operator; others neither see nor call it. */
  role: Roles;
  input: z.ZodType;
  output: z.ZodType;
  /** It changes nothing. */
  readOnly: boolean;
  /** It may remove or replace what is there. */
  destructive: boolean;
  /** Its result has texts of others: the agent is told that they are data. */
  recalls: boolean;
  /** @throws {AppError} that the agent gets as a problem. */
  run(input: unknown, ask: Ask): Promise<object>;
}

/** The input of a tool. @throws {AppError} `validation-failed` or `item-too-large`, with a pointer into the arguments. */
export function readInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw schemaError(parsed.error, "body");
}
