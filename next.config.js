/** @type {import("next").NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // The server compresses nothing itself: cached bodies go out as stored, and a proxy does the rest.
  compress: false,
  productionBrowserSourceMaps: false,
  typescript: { tsconfigPath: "tsconfig.json" },
};

export default config;
