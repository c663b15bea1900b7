import { serve } from "./lib/server/serve.ts";

await serve();
