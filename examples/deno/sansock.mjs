// "sansock/deno", as users import it.
export * from "../../bindings/js/dist/deno/index.js";
