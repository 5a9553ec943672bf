// The package, as built in this repository (`npm run build` in bindings/js). Elsewhere: import ... from "sansock".
export * from "../../bindings/js/dist/index.js";
