/** @type {import("next").NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // The server compresses nothing itself: cached bodies go out as stored, and a proxy does the rest.
  compress: false,
  productionBrowserSourceMaps: false,
  // `npm run verify` checks the types; checking them again here would double the first start.
  typescript: { ignoreBuildErrors: true },
};

export default config;
