/** A `URL`. Its type is not named, for programs whose types do not have it. */
export interface UrlObject {
  readonly href: string;
}
