/** Plain JSON: the only shape that contexts, events, facts and effects may have. Anything else is refused by the codec. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };
