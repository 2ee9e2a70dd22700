import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where observations are written and read unless somebody says otherwise. They outlive a reboot, as a host tier must not. */
export function observationDirectory(): string {
  return join(homedir(), '.warmline', 'observations');
}
