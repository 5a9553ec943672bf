// "sansock/bun", as users import it.
export * from "../../bindings/js/dist/bun/index.js";
