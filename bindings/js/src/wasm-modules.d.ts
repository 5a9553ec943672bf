/** The modules that the build puts beside the compiled sources. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
