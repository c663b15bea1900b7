/** The groups of operations, in the order in which a reader meets them. */
export const TAGS = [
  { name: "sessions", description: "Bounded sessions: the least recently used move to disk and come back on use" },
  { name: "response cache", description: "Responses by key, with a time to live, tags and fill leases" },
  { name: "vectors", description: "Collections of vectors, searched by similarity and metadata" },
  {
    name: "documents and prompts",
    description: "Documents, search by meaning and by keyword, and prompts within a token budget",
  },
  { name: "conversations", description: "Messages of conversations, and search in them" },
  { name: "streams", description: "Files of any size, parsed and stored while they arrive" },
  { name: "monitoring", description: "Memory now and over time, leaks, forecasts and optimization" },
  { name: "agents", description: "Other Node.js services that are watched for leaks" },
  { name: "profiles", description: "Allocation profiles and heap snapshots" },
  { name: "administration", description: "Settings, API keys and the audit" },
  { name: "auth", description: "Signing in to the dashboard, and who a key is" },
  { name: "health", description: "Liveness and readiness" },
  { name: "documentation", description: "The documents of this API and of the socket's events" },
] as const;
