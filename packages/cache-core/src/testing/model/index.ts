export { CACHES, COMMANDS, KEYS, PICKS, POLICIES } from './commands.ts';
export type { CommandName, ModelPolicy, Step } from './commands.ts';
export { playModel } from './play-model.ts';
export type { ModelOptions, ModelReport } from './play-model.ts';
export type { ModelStage } from './stage.ts';
