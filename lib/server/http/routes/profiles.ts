import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { newProfileSchema, profileListSchema, profileParams, profileSchema } from "../../../contracts/leaks.ts";
import { AppError } from "../../../shared/errors.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

const PATH = "/monitoring/memory/profiles";
const noSuchProfile = () => new AppError("not-found", "No profile has this id. Profiles are kept for one day.");

export const profileRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: PATH,
      role: "operator",
      tag: "profiles",
      summary: "List profiles, with the memory that a heap snapshot would need now",
      responses: { 200: { description: "The profiles, newest first, at most 10", schema: profileListSchema } },
    },
    ({ runtime }) => ({
      items: runtime.profiles.list(),
      nextCursor: null,
      snapshot: runtime.profiles.snapshotEstimate(),
    }),
  ),
  defineRoute(
    {
      method: "post",
      path: PATH,
      idempotent: true,
      role: "operator",
      tag: "profiles",
      summary: "Start a profile: allocation sampling for some seconds, or a heap snapshot",
      body: newProfileSchema,
      errors: [409],
      responses: {
        202: {
          description: "The profile has started; Location is its address",
          schema: profileSchema,
          headers: ["Location"],
        },
        403: { description: "Heap snapshots are disabled; HEADROOM_SNAPSHOTS=on enables them" },
        507: { description: "A heap snapshot would need more memory than is free; `errors` has the estimate" },
      },
    },
    async ({ runtime, body, identity, requestId }) => {
      const estimate = JSON.stringify(runtime.profiles.snapshotEstimate());
      const { profile } = runtime.profiles.begin(body.kind, body.seconds);
      await runtime.audit.done(
        identity,
        "profile.take",
        profile.id,
        body.kind === "heap-snapshot" ? `${body.kind} ${estimate}` : body.kind,
        requestId,
      );
      return reply(202, profile, { Location: `${PATH}/${profile.id}` });
    },
  ),
  defineRoute(
    {
      method: "get",
      path: `${PATH}/{id}`,
      role: "operator",
      tag: "profiles",
      summary: "Get a profile: state, progress, top allocation sites",
      params: profileParams,
      responses: { 200: { description: "The profile", schema: profileSchema } },
    },
    ({ runtime, params }) => {
      const profile = runtime.profiles.find(params.id);
      if (!profile) throw noSuchProfile();
      return profile;
    },
  ),
  defineRoute(
    {
      method: "get",
      path: `${PATH}/{id}/download`,
      role: "operator",
      tag: "profiles",
      summary: "Download a profile for Chrome DevTools; a heap snapshot needs the API key, not the cookie",
      params: profileParams,
      errors: [409],
      responses: {
        200: {
          description: "A .heapprofile or .heapsnapshot file",
          mediaType: "application/json",
          headers: ["Content-Length", "Content-Disposition"],
        },
      },
    },
    async ({ runtime, params, identity, requestId }) => {
      const profile = runtime.profiles.find(params.id);
      if (!profile) throw noSuchProfile();
      if (profile.state !== "completed")
        throw new AppError("conflict", `The profile is ${profile.state}: it has no file to download.`);
      // A snapshot contains every secret of the process, so a forgotten cookie must not be enough to fetch it.
      if (profile.kind === "heap-snapshot" && identity.via !== "bearer") {
        throw new AppError(
          "unauthenticated",
          "A heap snapshot may contain secrets. Send the API key in the Authorization header; the cookie is not enough.",
        );
      }
      await runtime.audit.done(identity, "profile.download", profile.id, profile.kind, requestId);
      const extension = profile.kind === "heap-snapshot" ? "heapsnapshot" : "heapprofile";
      return reply(200, Readable.toWeb(createReadStream(runtime.profiles.fileOf(profile))), {
        "Content-Type": "application/json",
        "Content-Length": String(profile.sizeBytes ?? 0),
        "Content-Disposition": `attachment; filename="headroom-${profile.id}.${extension}"`,
        "Cache-Control": "no-store",
      });
    },
  ),
];
