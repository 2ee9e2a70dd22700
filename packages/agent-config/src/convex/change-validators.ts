import { type VArray, type VBoolean, type VInt64, type VLiteral, type VString, type VUnion, v } from 'convex/values';
import type { ObjectValidator } from './agent-validators.ts';

/** @see changeKindValidator */
export type ChangeKindValidator = VUnion<
  'agent' | 'knowledge',
  [VLiteral<'agent'>, VLiteral<'knowledge'>],
  'required',
  never
>;

/** What a change may be of. */
export const changeKindValidator: ChangeKindValidator = v.union(v.literal('agent'), v.literal('knowledge'));

/** @see changeValidator */
export type ChangeFields = {
  at: VInt64;
  kind: ChangeKindValidator;
  id: VString;
  organizationId: VString;
  deleted: VBoolean;
};

/** Of a {@link Change}. */
export const changeValidator: ObjectValidator<ChangeFields> = v.object({
  at: v.int64(),
  kind: changeKindValidator,
  id: v.string(),
  organizationId: v.string(),
  deleted: v.boolean(),
});

/** @see changeWindowValidator */
export type ChangeWindowFields = {
  changes: VArray<ObjectValidator<ChangeFields>['type'][], ObjectValidator<ChangeFields>>;
  isWhole: VBoolean;
};

/** Of a {@link ChangeWindow}: what `feed:changes` returns. */
export const changeWindowValidator: ObjectValidator<ChangeWindowFields> = v.object({
  changes: v.array(changeValidator),
  isWhole: v.boolean(),
});
