import { doorFetch } from "../../lib/door.ts";

export {
  doorFetch as DELETE,
  doorFetch as GET,
  doorFetch as HEAD,
  doorFetch as OPTIONS,
  doorFetch as PATCH,
  doorFetch as POST,
  doorFetch as PUT,
};
