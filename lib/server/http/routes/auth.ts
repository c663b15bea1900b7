import { type IdentityView, identitySchema, signInSchema } from "../../../contracts/auth.ts";
import { AppError } from "../../../shared/errors.ts";
import { authenticate, COOKIE_NAME, isSameOrigin, tokenOf } from "../../auth/authenticate.ts";
import type { Identity } from "../../auth/held-key.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

const attributes = (secure: boolean): string => `Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;

const toView = ({ keyId, name, role, namespace, expiresAtMs }: Identity): IdentityView => ({
  keyId,
  name,
  role,
  namespace,
  expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
});

/** Browsers send the origin of a form. A sign-in started by another site would put a user into a stranger's account. */
function refuseForeignPage({ headers }: Request): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin === null && site === null) return;
  if (!isSameOrigin({ origin, site, host: headers.get("host") })) {
    throw new AppError("foreign-origin", "Signing in and out is only possible from the dashboard's own pages.");
  }
}

export const authRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      growsMemory: false,
      path: "/api/v1/auth/sign-in",
      role: null,
      tag: "auth",
      summary: "Sign in: exchange an API key for a dashboard cookie, valid for 12 hours",
      body: signInSchema,
      errors: [401, 403, 429, 503, 507],
      responses: {
        200: {
          description: "Signed in; Set-Cookie carries the session cookie",
          schema: identitySchema,
          headers: ["Set-Cookie"],
        },
      },
    },
    async ({ runtime, body, request, peer, secure, requestId }) => {
      refuseForeignPage(request);
      const identity = authenticate(runtime.gate, { authorization: `Bearer ${body.key}`, cookie: null }, peer);
      const { token, expiresAtMs } = await runtime.keys.signIn(identity);
      await runtime.audit.signedIn(identity, requestId);
      const seconds = Math.max(0, Math.floor((expiresAtMs - runtime.clock.nowMs()) / 1000));
      return reply(200, toView({ ...identity, expiresAtMs }), {
        "Set-Cookie": `${COOKIE_NAME}=${token}; ${attributes(secure)}; Max-Age=${seconds}`,
      });
    },
  ),
  defineRoute(
    {
      method: "post",
      growsMemory: false,
      path: "/api/v1/auth/sign-out",
      role: null,
      tag: "auth",
      summary: "Sign out: end the dashboard session",
      errors: [403, 503],
      responses: { 204: { description: "Signed out", headers: ["Set-Cookie"] } },
    },
    async ({ runtime, request, secure }) => {
      refuseForeignPage(request);
      const token = tokenOf(request.headers.get("cookie"));
      if (token) await runtime.keys.signOut(token);
      return reply(204, undefined, { "Set-Cookie": `${COOKIE_NAME}=; ${attributes(secure)}; Max-Age=0` });
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/auth/me",
      role: ["viewer", "consumer"],
      tag: "auth",
      summary: "Get the identity of the calling key",
      responses: { 200: { description: "The key's name, role and namespace", schema: identitySchema } },
    },
    ({ identity }) => toView(identity),
  ),
];
