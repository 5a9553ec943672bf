/** The module `sansock.wasm`; the build writes it. */
export declare const base64: string;
