/** The module `slim.wasm`; the build writes it. */
export declare const base64: string;
