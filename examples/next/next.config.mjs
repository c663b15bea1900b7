import path from "node:path";

const at = (file) => path.join(import.meta.dirname, file);

export default {
  cacheHandler: at("cache-handler.mjs"),
  cacheMaxMemorySize: 0,
  cacheHandlers: { default: at("use-cache-handler.mjs"), remote: at("use-cache-handler.mjs") },
  experimental: { useCache: true },
};
