/** Where a machine keeps how far it has heard its source; shared by all its processes. */
export interface WatchRecord {
  /** What was written last. */
  read(): { readonly position?: bigint } | undefined;
  /**
   * @param written `position`: the last commit that has been applied, absent while there is none · `liveForMs`: for how long,
   * from now, this machine is known to hear of commits; 0 ends that at once.
   */
  write(written: { readonly position?: bigint; readonly liveForMs: number }): Promise<void>;
}
