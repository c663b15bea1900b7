import { createCacheHandler } from "@headroom/adapters/next";
import { Headroom } from "@headroom/client";

const client = new Headroom({ url: process.env.HEADROOM_URL, key: process.env.HEADROOM_API_KEY });
export default createCacheHandler({ client });
