import type { DataModelFromSchemaDefinition, SchemaDefinition, TableDefinition } from 'convex/server';
import type { VAny, VFloat64, VOptional, VString, Value } from 'convex/values';
import type { ObjectValidator } from './agent-validators.ts';
import type { changesTable, rebuildsTable } from './tables.ts';

/** What the pieces need of a project's data: its own fields, tables and indexes beside them do not matter. */
export type WarmlineDataModel = DataModelFromSchemaDefinition<
  SchemaDefinition<
    {
      agents: TableDefinition<
        ObjectValidator<{
          organizationId: VString;
          config: VAny<Value>;
          updatedAt: VFloat64;
          fullPrompt: VOptional<VString>;
          promptVersion: VOptional<VFloat64>;
        }>,
        { by_organizationId: ['organizationId', '_creationTime'] }
      >;
      changes: typeof changesTable;
      rebuilds: typeof rebuildsTable;
    },
    true
  >
>;
