/** A request the deployment refuses, with Convex's body `{ code, message }`. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
