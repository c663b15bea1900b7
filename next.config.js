/** @type {import("next").NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // The server compresses nothing itself: cached bodies go out as stored, and a proxy does the rest.
  compress: false,
  // No page has an image that needs optimizing: the optimizer's route answers 404.
  images: { unoptimized: true },
  productionBrowserSourceMaps: false,
  // `npm run verify` checks the types; checking them again here would double the first start.
  typescript: { ignoreBuildErrors: true },
};

export default config;
