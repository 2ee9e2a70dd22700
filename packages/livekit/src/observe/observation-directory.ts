import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where observations are written and read unless somebody says otherwise. They outlive a reboot, as a host tier must not. */
export function observationDirectory(): string {
  return join(home(), '.warmline', 'observations');
}

/** A user of a container is often in no table and has no home: observing must not fail a call for that. */
function home(): string {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}
