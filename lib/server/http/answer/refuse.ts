import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AppError, type ProblemCode } from "../../../shared/errors.ts";
import type { Runtime } from "../../runtime.ts";
import { API_HEADERS } from "./api-headers.ts";
import { toProblem } from "./problem.ts";

/** Responds with a problem to requests that never reach the API. */
export function refuse(
  runtime: Pick<Runtime, "traffic" | "log">,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const requestId = randomUUID();
  const { problem, headers } = toProblem(error, requestId);
  runtime.traffic.count("none", request.method ?? "", problem.status, "server", 0);
  runtime.log.info(
    { requestId, method: request.method, status: problem.status, code: problem.code },
    "request refused",
  );
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, {
    ...API_HEADERS,
    "Content-Length": Buffer.byteLength(body),
    ...headers,
    "Content-Type": "application/problem+json",
    "X-Request-Id": requestId,
    Connection: "close",
  });
  response.end(body);
}

const CLIENT_ERRORS: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

/** Requests that Node's parser refuses also get a problem, without a response object. */
export function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CLIENT_ERRORS[error.code ?? ""] ?? "malformed-request";
  refuseUpgrade(socket, new AppError(code, "The request is not valid HTTP."));
}

/** A problem on a bare socket. */
export function refuseUpgrade(socket: Duplex, error: AppError): void {
  const { problem } = toProblem(error, randomUUID());
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${problem.requestId}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`,
  );
}
