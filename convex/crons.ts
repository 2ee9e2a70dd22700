import { cronJobs } from 'convex/server';
import { internal } from './_generated/api.js';

const crons = cronJobs();

// Once a day is enough, as every run is a call that is billed; and not at the full hour, when everybody's run.
crons.daily('trim the change feed and old rebuilds', { hourUTC: 2, minuteUTC: 17 }, internal.trims.run, {});

export default crons;
