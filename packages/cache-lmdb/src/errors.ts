/** Why a machine has no host tier, or why one call of it failed. */
export type HostTierErrorCode =
  /** The native module of LMDB could not be loaded. */
  | 'ERR_HOST_NO_ENGINE'
  /** The directory cannot be used: not writable, not private, on a network file system, on an unknown platform. */
  | 'ERR_HOST_DIRECTORY'
  /** The file cannot be opened. */
  | 'ERR_HOST_FILE'
  /** The file was removed, replaced or cut while it was in use. */
  | 'ERR_HOST_GONE'
  /** Nothing more fits: the disk is full, or nobody makes space. */
  | 'ERR_HOST_FULL'
  /** Another process has been holding the file's write lock for too long. */
  | 'ERR_HOST_STUCK'
  | 'ERR_HOST_WRITE'
  | 'ERR_HOST_CLOSED';

/** An error of the host tier. It names no key and no value. */
export class HostTierError extends Error {
  override readonly name = 'HostTierError';
  readonly code: HostTierErrorCode;

  constructor(code: HostTierErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
