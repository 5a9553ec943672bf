// "sansock/node", as users import it.
export * from "../../bindings/js/dist/node/index.js";
