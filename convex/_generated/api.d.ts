/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import type * as agents from "../agents.js";
import type * as crons from "../crons.js";
import type * as feed from "../feed.js";
import type * as knowledge from "../knowledge.js";
import type * as organizations from "../organizations.js";
import type * as passages from "../passages.js";
import type * as rebuilds from "../rebuilds.js";
import type * as refusals from "../refusals.js";
import type * as scopes from "../scopes.js";
import type * as seed from "../seed.js";
import type * as trims from "../trims.js";

/**
 * A utility for referencing Convex functions in your app's API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
declare const fullApi: ApiFromModules<{
  agents: typeof agents;
  crons: typeof crons;
  feed: typeof feed;
  knowledge: typeof knowledge;
  organizations: typeof organizations;
  passages: typeof passages;
  rebuilds: typeof rebuilds;
  refusals: typeof refusals;
  scopes: typeof scopes;
  seed: typeof seed;
  trims: typeof trims;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;
